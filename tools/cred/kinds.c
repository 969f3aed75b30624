#include "kinds.h"

#include <string.h>

#include "say.h"

const struct kind kinds[] = {
	{ "pem",
	    KIND_TAG | KIND_TYPE | KIND_CERTS | KIND_PASS | KIND_RAW |
	        KIND_EOL | KIND_AS_P | KIND_STREAMS,
	    kind_pem_import, kind_pem_export },
	{ "der", KIND_TAG | KIND_TYPE | KIND_PASS | KIND_AS_D, kind_der_import,
	    kind_der_export },
	{ "p12", KIND_TAG | KIND_CERTS | KIND_PASS | KIND_OUT_PASS,
	    kind_p12_import, kind_p12_export },
	{ "inc", KIND_TAG | KIND_TYPE | KIND_SYMBOL | KIND_RAW, kind_c_import,
	    kind_inc_export },
	{ "c",
	    KIND_TAG | KIND_TYPE | KIND_SYMBOL | KIND_RAW | KIND_STREAMS |
	        KIND_JOINS,
	    kind_c_import, kind_c_export },
	{ "cstr", KIND_TAG | KIND_TYPE | KIND_SYMBOL | KIND_RAW, kind_c_import,
	    kind_cstr_export },
	{ "hex", KIND_TAG | KIND_TYPE | KIND_NUL, kind_hex_import,
	    kind_hex_export },
	{ "base64", KIND_TAG | KIND_TYPE | KIND_NUL, kind_base64_import,
	    kind_base64_export },
	{ "cmng", KIND_EOL | KIND_AS_P, kind_cmng_import, kind_cmng_export },
	{ "zephyr-shell", 0, kind_shell_import, kind_shell_export },
	{ "dir", KIND_DIRECTORY, kind_dir_import, kind_dir_export },
};
const size_t kinds_n = sizeof(kinds) / sizeof(kinds[0]);

const struct kind *
kind_find(const char *name)
{
	for (size_t i = 0; i < kinds_n; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	(void)say(USAGE, "\"%s\" is no KIND: " KIND_NAMES, name);
	return NULL;
}
