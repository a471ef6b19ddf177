# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# Shared by the scripts of tools/vm: where things are, and which Debian
# releases, mirrors and kernels there are.  Sourced, never run.

VM=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
TREE=$(realpath "$VM/../..")
CACHE=${DTRACE_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dtrace-vm}
RELEASES=(bullseye bookworm trixie)
HOST_RELEASE=$(. /etc/os-release && echo "${VERSION_CODENAME:-unknown}")

die() {
	echo "${0##*/}: $*" >&2
	exit 125
}

# Speak of long work on a terminal only: a pipe gets nothing but results.
say() {
	[ ! -t 2 ] || echo "${0##*/}: $*" >&2
}

# quietly COMMAND...: its output goes to the terminal, or, into a pipe, only
# when it fails.
quietly() {
	if [ -t 2 ]; then
		"$@" >&2
		return
	fi
	local text
	text=$("$@" 2>&1) || { echo "$text" >&2; return 1; }
}

# with_lock NAME COMMAND...: several machines may want the same download.
with_lock() {
	local file=$CACHE/lock/$1
	shift
	mkdir -p "$CACHE/lock"
	( flock 9 && "$@" 9>&- ) 9>"$file"
}

# The mirror and the security mirror that this machine's apt is set up with.
mirror() {
	local label=$1 default=$2 uri
	uri=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
	      awk -F'|' -v l="$label" '$1 == l { print $2; exit }')
	echo "${uri:-$default}"
}

# Whether the archive still has a suite: old releases lose some of theirs.
has_suite() {
	"${APT_HELPER:-/usr/lib/apt/apt-helper}" -o Acquire::Retries=1 download-file \
		"$1/dists/$2/InRelease" "$3" >/dev/null 2>&1
	local status=$?
	rm -f "$3"
	return $status
}

# sources RELEASE: the lines of its sources.list.
sources() {
	local release=$1 main security key probe suite
	main=$(mirror Debian http://deb.debian.org/debian)
	security=$(mirror Debian-Security http://deb.debian.org/debian-security)
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	probe=$(mktemp)
	echo "deb [signed-by=$key] ${main%/} $release main"
	for suite in updates backports; do
		has_suite "${main%/}" "$release-$suite" "$probe" &&
			echo "deb [signed-by=$key] ${main%/} $release-$suite main"
	done
	has_suite "${security%/}" "$release-security" "$probe" &&
		echo "deb [signed-by=$key] ${security%/} $release-security main"
	rm -f "$probe"
}

# apt_dir RELEASE: make apt's own state for that release and print where it is.
apt_dir() {
	local dir=$CACHE/apt/$1
	if [ ! -s "$dir/sources.list" ]; then
		mkdir -p "$dir"/{lists/partial,archives/partial,parts}
		: >"$dir/status"
		sources "$1" >"$dir/sources.new"
		mv "$dir/sources.new" "$dir/sources.list"
	fi
	echo "$dir"
}

# apt RELEASE TOOL ARGUMENT...: apt-get or apt-cache on that release's archive,
# knowing nothing of this machine's packages.
apt() {
	local dir tool=$2
	dir=$(apt_dir "$1")
	shift 2
	"$tool" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts="$dir/parts" \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts="$dir/parts" \
		-o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" -o Dir::State::Status="$dir/status" \
		-o Dir::Cache="$dir" -o Dir::Cache::Archives="$dir/archives" \
		-o Dir::Cache::PkgCache= -o Dir::Cache::SrcPkgCache= \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 "$@"
}
