"""What a Request Tracker needs before it can be connected, as its own set-up program takes it."""

from collections.abc import Iterable

from config.helpdesk import RequestTracker
from worker.helpdesks.rt.fields import CORE

RIGHTS = (
    "SeeQueue",
    "ShowTicket",
    "ShowTicketComments",
    "CreateTicket",  # in a queue that tickets are moved to
    "ModifyTicket",
    "CommentOnTicket",
    "SeeCustomField",
    "ModifyCustomField",
)
"""What the fleet's user must be allowed, in every queue; nothing more is needed."""

USER = "triage-fleet"
GROUP = "Triage Fleet"

DOCUMENT = """\
# For Request Tracker 5: run it once, as root, on RT's own machine (docs/connectors.md):
#   rt-setup-database-5 --action insert --datafile FILE
# It makes what is missing for Triage Fleet, and prints the token of its user. What is there already
# is left alone, so it may be run again.

my $missing = sub {{
    my ($class, $name, %more) = @_;
    my $found = $class->new(RT->SystemUser);
    $found->LoadByCols(Name => $name, %more);
    return !$found->Id;
}};
my $group = sub {{
    my $found = RT::Group->new(RT->SystemUser);
    $found->LoadUserDefinedGroup('{group}');
    return $found->Id ? $found : undef;
}};

@Queues = grep {{ $missing->('RT::Queue', $_->{{Name}}) }} ({queues});

@CustomFields = grep {{
    $missing->('RT::CustomField', $_->{{Name}}, LookupType => $_->{{LookupType}})
}} (
{fields}
);

# RT reads times in its user's own zone.
@Users = grep {{ $missing->('RT::User', $_->{{Name}}) }} (
    {{ Name => '{user}', RealName => 'Triage Fleet', Privileged => 1, Timezone => 'UTC' }},
);
@Groups = grep {{ !$group->() }} (
    {{ Name => '{group}', Description => 'May triage', Members => {{ Users => ['{user}'] }} }},
);
@ACL = map {{ {{ GroupDomain => 'UserDefined', GroupId => '{group}', Right => $_ }} }} grep {{
    my $may = $group->();
    !($may && $may->PrincipalObj->HasRight(Right => $_, Object => RT->System));
}} qw(
{rights}
);

@Final = (sub {{
    my $user = RT::User->new(RT->SystemUser);
    $user->Load('{user}');
    my $tokens = RT::AuthTokens->new(RT->SystemUser);
    $tokens->Limit(FIELD => 'Owner', VALUE => $user->Id);
    if ($tokens->Count) {{
        print "{user} has a token already: it goes on to be valid. Where nobody knows it any more,"
            . " revoke it in RT (Admin, Users, {user}) and run this again.\n";
        return;
    }}
    my ($done, $why, $token) = RT::AuthToken->new(RT->SystemUser)->Create(
        Owner => $user->Id, Description => 'Triage Fleet');
    print $done ? "TRIAGE_HELPDESK_TOKEN=$token\\n" : "no token: $why\\n";
}});

1;
"""


def initialdata(config: RequestTracker, queues: Iterable[str]) -> str:
    """A file for `rt-setup-database`: these queues, our fields, a user with its rights, a token."""
    names = [field.name for field in config.fields.values() if field.name not in CORE]
    fields = (
        f"    {{ Name => {_quoted(name)}, Type => 'FreeformSingle', Queue => 0,"
        " LookupType => 'RT::Queue-RT::Ticket' },"
        for name in (*names, config.key)
    )
    return DOCUMENT.format(
        queues=", ".join(f"{{ Name => {_quoted(name)} }}" for name in queues),
        fields="\n".join(fields),
        rights="\n".join(f"    {right}" for right in RIGHTS),
        user=USER,
        group=GROUP,
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
