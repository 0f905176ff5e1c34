# Debian packages that the tests need: sourced by tests/run and tests/interop/run.

fail() { printf '%s: %s\n' "$0" "$*" >&2 && exit 1; }

# Installs what is missing of the needs, each `probe:package`: a file or a command, and what brings it.
require_packages() {
    local need probe missing=()
    for need in "$@"; do
        probe=${need%%:*}
        [[ -e $probe ]] || command -v "$probe" >/dev/null || missing+=("${need##*:}")
    done
    if ((${#missing[@]})); then
        mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
        install_packages "${missing[@]}"
    fi
}

install_packages() {
    local as_root=() packages=("$@")
    local line="apt-get update && apt-get install -y --no-install-recommends ${packages[*]}"
    command -v apt-get >/dev/null ||
        fail "these Debian packages are missing, and there is no apt-get to install them: ${packages[*]}"
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null ||
            fail "packages are missing and need root to install: sudo sh -c '$line'"
        as_root=(sudo -n)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "$line"
}
