"""What a Roundup tracker needs before it can be connected: the end of its schema.py."""

from config.helpdesk import Roundup

ROLE = "Triage"
NATIVE = ("priority", "status", "title")
"""Properties that the classic template has."""

DOCUMENT = """
# For Triage Fleet: put this at the end of the tracker's schema.py (docs/connectors.md).
queue = Class(db, "queue", name=String(), order=Number())
queue.setkey("name")
db.issue.addprop({properties}, triage_keys=String(), triage_expects=String())


def triage_fence(db, cl, nodeid, newvalues):
    # Lets a change through where the issue still holds what it held when it was decided. Roundup
    # compares etags before it takes its lock; the update that changes nothing takes it.
    from json import loads
    from roundup.exceptions import Reject
    expects = newvalues.pop("triage_expects", None)
    if not expects:
        return
    db.sql("update _issue set __retired__ = __retired__ where id = %s" % db.arg, (nodeid,))
    for name, expected in loads(expects).items():
        db.sql("select _%s from _issue where id = %s" % (name, db.arg), (nodeid,))
        held = db.sql_fetchone()[0]
        prop = cl.getprops()[name]
        if held is not None and isinstance(prop, Link):
            held = db.getclass(prop.classname).get(str(held), "name")
        if (held or None) != expected:
            raise Reject("triage_expects: %s has changed" % name)


db.issue.audit("set", triage_fence)
triage_note = Class(db, "triage_note", key=String(), issue=Link("issue"), content=String())
triage_note.setkey("key")
db.security.addRole(name="{role}", description="Triage Fleet")
for right in "Web Access", "Rest Access":
    db.security.addPermissionToRole("{role}", right)
for name in "issue", "msg", "queue", "priority", "status", "triage_note", "user":
    db.security.addPermissionToRole("{role}", "View", name)
db.security.addPermissionToRole("{role}", "Edit", "issue")
db.security.addPermissionToRole("{role}", "Create", "triage_note")
for name in "queue", "triage_note":
    db.security.addPermissionToRole("User", "View", name)
"""


def schema(config: Roundup) -> str:
    """A class of queues, our fields, notes that are there once for each key, and a role."""
    names = {ours: field.name for ours, field in config.fields.items() if field.name not in NATIVE}
    properties = ", ".join(
        f'{name}=Link("queue")' if ours == "queue" else f"{name}=String()"
        for ours, name in names.items()
    )
    return DOCUMENT.replace("{properties}", properties).replace("{role}", ROLE)
