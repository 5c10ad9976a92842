"""How lists are cut into pages."""

from django.core.paginator import Page, Paginator


class ListPaginator(Paginator):
    """Does not count a list that fits on its first page. To count the plan as at a day costs as much as to read it."""

    def page(self, number: int | str) -> Page:
        if str(number) != "1":
            return super().page(number)
        rows = list(self.object_list[: self.per_page + 1])
        if len(rows) <= self.per_page:
            # `count` is kept on the instance, once it is known.
            self.__dict__["count"] = len(rows)
        return self._get_page(rows[: self.per_page], self.validate_number(number), self)
