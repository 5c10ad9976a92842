"""What a person answers for in the register, handed over whole when they leave."""

import datetime as dt

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from core.writes import BATCH, chunks, text
from risks.models import Mitigation, MitigationUpdate, Risk, RiskChange, State
from risks.services.current import left_faults, note_change, refuse


@transaction.atomic
def hand_over_risks(*, person: User, to: User, reason: str, by: User, at: dt.datetime) -> int:
    """Gives a person's open risks, and their mitigations of open risks, to somebody else; says how many risks and
    mitigations that were. The same few statements for one and for a thousand. Closed risks keep the name they had."""
    refuse(
        {} if text(reason) else {"reason": "Say why the risks are handed over."},
        {"to": "Choose somebody else."} if to == person else left_faults(to=to),
    )
    on = timezone.localdate(at)
    # Locked as they are read, so that nobody is given what somebody else takes at the same moment.
    risks = list(Risk.objects.select_for_update().filter(owner=person, state=State.OPEN).order_by("pk"))
    theirs = Mitigation.objects.filter(owner=person, risk__state=State.OPEN)
    mitigations = list(theirs.select_for_update(of=("self",)).order_by("pk"))
    for chunk in chunks(risk.pk for risk in risks):
        Risk.objects.filter(pk__in=chunk).update(owner=to, version=F("version") + 1)
    RiskChange.objects.bulk_create(
        [note_change(risk, "owner", str(person), str(to), on=on, reason=text(reason), by=by, at=at) for risk in risks],
        batch_size=BATCH,
    )
    for chunk in chunks(each.pk for each in mitigations):
        Mitigation.objects.filter(pk__in=chunk).update(owner=to, version=F("version") + 1)
    MitigationUpdate.objects.bulk_create(
        [
            MitigationUpdate(
                mitigation=each,
                dated_on=on,
                status=each.status,
                due_date=each.due_date,
                owner=to,
                note=text(reason),
                created_by=by,
                created_at=at,
            )
            for each in mitigations
        ],
        batch_size=BATCH,
    )
    return len(risks) + len(mitigations)
