"""How long a page of a list is."""

from rest_framework.pagination import PageNumberPagination

from core.paging import ListPaginator


class PortalPagination(PageNumberPagination):
    django_paginator_class = ListPaginator
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
