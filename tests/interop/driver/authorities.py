"""What `eval "$(handset env)"` makes of the certificates that a shell's programs trust."""

import json
import pathlib
import ssl

# Where Debian keeps the system's authorities in one file.
SYSTEM = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


def rows(world):
    """A row for each variable that takes the place of the system's authorities."""
    variables = json.loads(world.said("env", "--json"))
    return [row(name, variables) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")]


def row(name, variables):
    common = {"library": "handset env", "version": "-", "way in": name}
    common["case"] = "the system's authorities and one more"
    if not SYSTEM.is_file():
        return {**common, "ok": None, "detail": f"there is no {SYSTEM}"}
    system, own, bundle = map(trusted, (SYSTEM, variables["HANDSET_CA"], variables[name]))
    ok = len(own) == 1 and not own & system and bundle == system | own
    return {**common, "ok": ok, "detail": f"{len(system)} and {len(bundle - system)}"}


def trusted(file):
    """The authorities in a file of certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    return set(context.get_ca_certs(binary_form=True))
