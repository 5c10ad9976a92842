"""What every API resource is made of."""
