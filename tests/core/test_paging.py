import pytest
from django.core.paginator import EmptyPage
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.paging import ListPaginator
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def paginator(rows: int, per_page: int = 2) -> ListPaginator:
    UserFactory.create_batch(rows)
    return ListPaginator(User.objects.order_by("pk"), per_page)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_list_that_fits_on_a_page_is_not_counted(rows: int, django_assert_num_queries: CaptureQueriesContext) -> None:
    pages = paginator(rows)

    with django_assert_num_queries(1):
        page = pages.page(1)

        assert (len(page.object_list), pages.count, pages.num_pages, page.has_next()) == (rows, rows, 1, False)


@pytest.mark.parametrize(("number", "expected"), [(1, [0, 1]), ("1", [0, 1]), (2, [2, 3]), ("3", [4])])
def test_longer_list_is_cut_and_counted(number: int | str, expected: list[int]) -> None:
    pages = paginator(5)
    keys = list(User.objects.order_by("pk").values_list("pk", flat=True))

    page = pages.page(number)

    assert [row.pk for row in page.object_list] == [keys[place] for place in expected]
    assert (pages.count, pages.num_pages) == (5, 3)


def test_page_beyond_the_end_is_refused() -> None:
    with pytest.raises(EmptyPage):
        paginator(2).page(2)
