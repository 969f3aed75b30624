#ifndef CRED_KINDS_H
#define CRED_KINDS_H

#include <stddef.h>

#include "kind_in.h"
#include "kind_out.h"

/*
 * What credentials are brought in from and taken out to: containers, sources of
 * C, scripts.  An importer makes a set of bytes, an exporter makes files of a
 * set; neither opens one.
 */

/* What a kind takes: options of import, and then of export. */
enum {
	KIND_TAG = 1 << 0, /* it has no tags of its own: --tag is needed */
	KIND_TYPE = 1 << 1,
	KIND_CERTS = 1 << 2, /* --split, --one, --select, --anchor-of */
	KIND_SYMBOL = 1 << 3,
	KIND_PASS = 1 << 4,
	KIND_RAW = 1 << 5,
	KIND_NUL = 1 << 6,
	KIND_EOL = 1 << 7,
	KIND_AS_P = 1 << 8, /* --as pem */
	KIND_AS_D = 1 << 9, /* --as der */
	KIND_OUT_PASS = 1 << 10,
	KIND_STREAMS = 1 << 11,   /* files of it can follow each other, */
	KIND_JOINS = 1 << 12,     /* and do so in a file, too */
	KIND_DIRECTORY = 1 << 13, /* it is one, and so is its only input */
};

struct kind {
	const char *name;
	unsigned takes;
	kind_import *import;
	kind_export *export;
};
extern const struct kind kinds[];
extern const size_t kinds_n;
const struct kind *kind_find(const char *name); /* NULL: no such one, said */
#define KIND_NAMES "pem der p12 inc c cstr hex base64 cmng zephyr-shell dir"

kind_import kind_pem_import, kind_der_import, kind_p12_import, kind_c_import,
    kind_hex_import, kind_base64_import, kind_cmng_import, kind_shell_import,
    kind_dir_import;
kind_export kind_pem_export, kind_der_export, kind_p12_export, kind_inc_export,
    kind_c_export, kind_cstr_export, kind_hex_export, kind_base64_export,
    kind_cmng_export, kind_shell_export, kind_dir_export;

#endif
