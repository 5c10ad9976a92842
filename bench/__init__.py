"""Benchmarks: ratios against the plainest code that does the same work, measured side by side in one run."""
