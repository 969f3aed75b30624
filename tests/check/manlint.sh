#!/usr/bin/env bash
# The manual pages are without a fault.
cd "$(dirname "$0")/../.." || exit 1
command -v mandoc >/dev/null || {
	echo 'skipped: there is no mandoc here'
	exit 77
}
mandoc -T lint -W warning docs/man/*.[1-8]
