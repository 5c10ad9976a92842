"""How the list of people is narrowed."""

import django_filters as filters
from django.db.models import Q

from accounts.models import Organisation, Role, User, UserQuerySet
from core.forms import FilterForm


class PersonFilter(filters.FilterSet):
    """`state` is a `User.State`; without one, everybody who has access. Those who left are the office's to see."""

    q = filters.CharFilter(label="Name or job title", method="matching")
    role = filters.ChoiceFilter(label="Role", choices=Role.choices, empty_label="Any role", method="having_role")
    organisation = filters.ModelChoiceFilter(
        label="Organisation", queryset=Organisation.objects.all(), empty_label="Any organisation"
    )
    state = filters.ChoiceFilter(
        label="Access",
        choices=[*User.State.choices, ("all", "Everybody")],
        empty_label="Everybody with access",
        method="in_state",
    )

    class Meta:
        model = User
        form = FilterForm
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: UserQuerySet) -> UserQuerySet:
        people = super().filter_queryset(queryset)
        return people if self.form.cleaned_data.get("state") else people.active()

    def matching(self, people: UserQuerySet, name: str, text: str) -> UserQuerySet:
        """Every word in the name, the job title, or (for the office, who can see it) the email address."""
        fields = ["full_name", "job_title"]
        if self.request and self.request.user.has_role(Role.PROGRAMME_OFFICE):
            fields.append("email")
        for word in text.split():
            found = Q()
            for field in fields:
                found |= Q(**{f"{field}__icontains": word})
            people = people.filter(found)
        return people

    def having_role(self, people: UserQuerySet, name: str, role: str) -> UserQuerySet:
        return people.with_role(Role(role))

    def in_state(self, people: UserQuerySet, name: str, state: str) -> UserQuerySet:
        match state:
            case User.State.ACTIVE:
                return people.active().filter(last_login__isnull=False)
            case User.State.NOT_SIGNED_IN_YET:
                return people.not_signed_in_yet()
            case User.State.DEACTIVATED:
                return people.filter(is_active=False)
        return people
