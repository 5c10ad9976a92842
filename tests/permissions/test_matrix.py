"""Who may ask for what: every address and every API action, as each role. The table is the whole promise.

One line an address and method, one column a person. `officer` answers for nothing; `owner` is the milestone's
responsible officer and owns the risk, `sro` is its senior responsible officer.

- `ok`  let through: a page, a redirect to another page, or what is wrong with the empty form that was sent
- `no`  refused (403)
- `--`  not found (404): theirs neither to see nor to know of
- `in`  asked to sign in (the API: 401)

An address, a method or an API action that is missing here fails the second test.
"""

import pytest

from tests.permissions.addresses import addresses
from tests.permissions.world import make_world

TABLE = """
address                               method    nobody board  officer  owner  sro  analyst  auditor  office
dashboard                             GET       in     ok     ok       ok     ok   ok       ok       ok
key                                   GET       in     ok     ok       ok     ok   ok       ok       ok
glossary                              GET       in     ok     ok       ok     ok   ok       ok       ok
home                                  GET       in     ok     ok       ok     ok   ok       ok       ok
month_list                            GET       in     ok     ok       ok     ok   ok       ok       ok
month_open                            GET,POST  in     no     no       no     no   no       no       ok
month_detail                          GET       in     ok     ok       ok     ok   ok       ok       ok
month_figures                         GET       in     ok     ok       ok     ok   ok       ok       ok
month_recompute                       GET,POST  in     no     no       no     no   no       no       ok
month_cut_off                         GET,POST  in     no     no       no     no   no       no       ok
month_close                           GET,POST  in     no     no       no     no   no       no       ok
month_reopen                          GET,POST  in     no     no       no     no   no       no       ok
month_sign_off                        GET,POST  in     no     no       no     no   no       no       ok
import_list                           GET       in     no     no       no     no   no       no       ok
import_upload                         GET,POST  in     no     no       no     no   no       no       ok
import_detail                         GET       in     no     no       no     no   no       no       ok
import_confirm                        POST      in     no     no       no     no   no       no       ok
import_again                          POST      in     no     no       no     no   no       no       ok
import_columns                        GET,POST  in     no     no       no     no   no       no       ok
import_lines                          GET       in     no     no       no     no   no       no       ok
import_format                         GET       in     no     no       no     no   no       no       ok
import_blank                          GET       in     no     no       no     no   no       no       ok
sheet_download                        GET       in     no     no       no     no   no       no       ok
person_deactivate                     GET,POST  in     no     no       no     no   no       no       ok
accessibility                         GET       ok     ok     ok       ok     ok   ok       ok       ok
milestones:list                       GET       in     ok     ok       ok     ok   ok       ok       ok
milestones:add                        GET,POST  in     no     no       no     no   no       no       ok
milestones:returns                    GET       in     ok     ok       ok     ok   ok       ok       ok
milestones:detail                     GET       in     ok     ok       ok     ok   ok       ok       ok
milestones:update                     GET,POST  in     no     no       ok     ok   no       no       ok
milestones:draft_discard              POST      in     no     no       ok     ok   no       no       ok
milestones:correct                    GET,POST  in     no     no       ok     ok   no       no       ok
milestones:confirm                    GET,POST  in     no     no       no     ok   no       no       no
milestones:due_date                   GET,POST  in     no     no       ok     ok   no       no       ok
milestones:evidence_add               GET,POST  in     no     no       ok     ok   no       no       ok
milestones:evidence_file              GET       in     ok     ok       ok     ok   ok       ok       ok
milestones:evidence_withdraw          GET,POST  in     no     no       ok     ok   no       no       ok
milestones:dependency_add             GET,POST  in     no     no       ok     ok   no       no       ok
milestones:dependency_end             GET,POST  in     no     no       ok     ok   no       no       ok
milestones:reassign                   GET,POST  in     no     no       no     no   no       no       ok
milestones:edit                       GET,POST  in     no     no       no     no   no       no       ok
milestones:withdraw                   GET,POST  in     no     no       no     no   no       no       ok
risks:list                            GET       in     ok     ok       ok       ok   ok       ok       ok
risks:heat_map                        GET       in     ok     ok       ok       ok   ok       ok       ok
risks:add                             GET,POST  in     no     no       no       no   no       no       ok
risks:matrix_list                     GET       in     ok     ok       ok       ok   ok       ok       ok
risks:matrix_add                      GET,POST  in     no     no       no       no   no       no       ok
risks:matrix_choose                   GET,POST  in     no     no       no       no   no       no       ok
risks:detail                          GET       in     ok     ok       ok       ok   ok       ok       ok
risks:review                          GET,POST  in     no     no       ok       no   no       no       ok
risks:correct                         GET,POST  in     no     no       ok       no   no       no       ok
risks:target                          GET,POST  in     no     no       ok       no   no       no       ok
risks:mitigation_add                  GET,POST  in     no     no       ok       no   no       no       ok
risks:mitigation_update               GET,POST  in     no     no       ok       no   no       no       ok
risks:escalate                        GET,POST  in     no     no       ok       no   no       no       ok
risks:de_escalate                     GET,POST  in     no     no       no       no   no       no       ok
risks:edit                            GET,POST  in     no     no       no       no   no       no       ok
risks:close                           GET,POST  in     no     no       no       no   no       no       ok
risks:reopen                          GET,POST  in     no     no       no       no   no       no       ok
account_login                         GET,POST  ok     ok     ok       ok     ok   ok       ok       ok
mfa_authenticate                      GET,POST  ok     ok     ok       ok     ok   ok       ok       ok
account_logout                        GET,POST  ok     ok     ok       ok     ok   ok       ok       ok
account_signup                        GET,POST  ok     ok     ok       ok     ok   ok       ok       ok
account_inactive                      GET       ok     ok     ok       ok     ok   ok       ok       ok
account_reset_password                GET,POST  ok     ok     ok       ok     ok   ok       ok       ok
account_reset_password_done           GET       ok     ok     ok       ok     ok   ok       ok       ok
account_reset_password_from_key       GET,POST  ok     ok     ok       ok     ok   ok       ok       ok
account_reset_password_from_key_done  GET       ok     ok     ok       ok     ok   ok       ok       ok
account                               GET       in     ok     ok       ok     ok   ok       ok       ok
account_change_password               GET,POST  in     ok     ok       ok     ok   ok       ok       ok
account_reauthenticate                GET,POST  in     ok     ok       ok     ok   ok       ok       ok
mfa_reauthenticate                    GET,POST  in     ok     ok       ok     ok   ok       ok       ok
mfa_index                             GET       in     ok     ok       ok     ok   ok       ok       ok
mfa_activate_totp                     GET,POST  in     ok     ok       ok     ok   ok       ok       ok
mfa_deactivate_totp                   GET,POST  in     --     --       --     --   --       --       --
mfa_view_recovery_codes               GET       in     --     --       --     --   --       --       --
mfa_generate_recovery_codes           GET,POST  in     ok     ok       ok     ok   ok       ok       ok
mfa_download_recovery_codes           GET       in     --     --       --     --   --       --       --
token_list                            GET       in     ok     ok       ok     ok   ok       ok       ok
token_add                             GET,POST  in     ok     ok       ok     ok   ok       ok       ok
token_revoke                          GET,POST  in     --     --       ok     --   --       --       ok
people_list                           GET       in     ok     ok       ok     ok   ok       ok       ok
person_invite                         GET,POST  in     no     no       no     no   no       no       ok
people_send_invitations               GET,POST  in     no     no       no     no   no       no       ok
person_detail                         GET       in     ok     ok       ok     ok   ok       ok       ok
person_edit                           GET,POST  in     no     no       no     no   no       no       ok
person_send_invitation                GET,POST  in     no     no       no     no   no       no       ok
person_reactivate                     GET,POST  in     --     --       --     --   --       --       ok
person_remove_two_step                GET,POST  in     no     no       no     no   no       no       ok
organisation_list                     GET       in     ok     ok       ok     ok   ok       ok       ok
organisation_add                      GET,POST  in     no     no       no     no   no       no       ok
organisation_edit                     GET,POST  in     no     no       no     no   no       no       ok
me                                    GET       in     ok     ok       ok     ok   ok       ok       ok
update-list                           GET       in     ok     ok       ok     ok   ok       ok       ok
evidence-list                         GET       in     ok     ok       ok     ok   ok       ok       ok
schema                                GET       in     ok     ok       ok     ok   ok       ok       ok
api_docs                              GET       in     ok     ok       ok     ok   ok       ok       ok
priority-area-list                    GET       in     ok     ok       ok     ok   ok       ok       ok
priority-area-detail                  GET       in     ok     ok       ok     ok   ok       ok       ok
milestone-list                        GET       in     ok     ok       ok     ok   ok       ok       ok
milestone-detail                      GET       in     ok     ok       ok     ok   ok       ok       ok
milestone-update-list                 GET       in     ok     ok       ok     ok   ok       ok       ok
milestone-update-list                 POST      in     no     no       ok     ok   no       no       ok
milestone-evidence-list               GET       in     ok     ok       ok     ok   ok       ok       ok
risk-list                             GET       in     ok     ok       ok       ok   ok       ok       ok
risk-detail                           GET       in     ok     ok       ok       ok   ok       ok       ok
risk-review-list                      GET       in     ok     ok       ok       ok   ok       ok       ok
risk-review-list                      POST      in     no     no       ok       no   no       no       ok
review-list                           GET       in     ok     ok       ok       ok   ok       ok       ok
mitigation-list                       GET       in     ok     ok       ok       ok   ok       ok       ok
mitigation-detail                     GET       in     ok     ok       ok       ok   ok       ok       ok
figure-list                           GET       in     ok     ok       ok     ok   ok       ok       ok
month-list                            GET       in     ok     ok       ok     ok   ok       ok       ok
month-detail                          GET       in     ok     ok       ok     ok   ok       ok       ok
"""

HEADING, *LINES = (line.split() for line in TABLE.splitlines() if line.strip() and not line.startswith("#"))
WHO = HEADING[2:]
ROWS = [(address, method, answers) for address, methods, *answers in LINES for method in methods.split(",")]
ADDRESSES = {address.name: address for address in addresses()}


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "method", "expected"), ROWS, ids=[f"{row[1]} {row[0]}" for row in ROWS])
def test_each_person_is_answered_as_the_table_says(address: str, method: str, expected: list[str]) -> None:
    world = make_world()

    answered = {who: world.ask(who, method, ADDRESSES[address]) for who in WHO}

    assert answered == dict(zip(WHO, expected, strict=True))


def test_every_address_and_method_is_in_the_table() -> None:
    there = {(address.name, method) for address in ADDRESSES.values() for method in address.methods}

    assert there == {(address, method) for address, method, _answers in ROWS}


def test_no_two_addresses_share_a_name() -> None:
    assert len(addresses()) == len(ADDRESSES)
