"""Who the token belongs to."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role, User
from accounts.permissions import Perm
from core.api.viewsets import Retrieved


class MeSerializer(serializers.ModelSerializer):
    organisation = serializers.CharField(source="organisation.name", read_only=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices), read_only=True)

    class Meta:
        model = User
        fields = ("email", "full_name", "job_title", "organisation", "roles")


class MeViewSet(Retrieved):
    """The person whose token or session this is."""

    permissions = {"retrieve": Perm.OWN_ACCOUNT}
    serializer_class = MeSerializer

    def retrieve(self, request: Request) -> Response:
        row = self.rows(User.objects.filter(pk=request.user.pk)).get()
        return Response(self.as_dicts([row])[0])
