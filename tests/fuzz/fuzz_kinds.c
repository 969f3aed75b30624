/*
 * What an import is given: containers, C source, scripts, logs.  The first byte
 * says which kind it is, and has options in its upper bits; the rest is the
 * input.  What was understood is written as a script for Zephyr's shell, and
 * comes back from that as it was.
 */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "compare_list.h"
#include "cred/store.h"
#include "kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static kind_import *const imports[] = { kind_pem_import, kind_der_import,
	kind_p12_import, kind_c_import, kind_hex_import, kind_base64_import,
	kind_cmng_import, kind_shell_import, compare_list_read };

static bool
is_bare(const struct set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].data == NULL || s->items[i].tag < 0)
			abort();
		if (s->items[i].len == 0)
			return true; /* a shell adds no such value */
	}
	return s->n == 0;
}

static void
check_script(const struct set *s)
{
	struct kind_output o = { .as = KIND_AS_IS };
	struct kind_input in = { .tag = -1 };
	struct set back = { .n = 0 };

	if (is_bare(s))
		return;
	if (kind_shell_export(&o, s) != DONE)
		abort();
	in.data = o.files[0].data.data;
	in.len = o.files[0].data.len;
	if (kind_shell_import(&in, &back) != DONE || back.n != s->n)
		abort();
	for (size_t i = 0; i < s->n; i++) {
		const struct item *item =
		    set_find(&back, s->items[i].tag, s->items[i].type);

		if (item == NULL ||
		    strcmp(item->digest, s->items[i].digest) != 0)
			abort();
	}
	kind_output_fini(&o);
	set_fini(&back);
}

/* The other exporters take anything that there is. */
static void
check_exports(const struct set *s)
{
	static kind_export *const exports[] = { kind_pem_export,
		kind_der_export, kind_inc_export, kind_c_export,
		kind_cstr_export, kind_hex_export, kind_base64_export,
		kind_cmng_export, kind_dir_export };

	for (size_t i = 0; i < LEN(exports); i++) {
		struct kind_output o = { .as = i % 2 == 0 ? KIND_AS_PEM
			                                  : KIND_AS_DER };

		if (exports[i](&o, s) != DONE)
			abort();
		kind_output_fini(&o);
	}
}

static void
run(const uint8_t *data, size_t size, struct set *s)
{
	const unsigned kind = data[0] & 15, options = data[0] >> 4;
	struct kind_input in = { .data = data + 1,
		.len = size - 1,
		.tag = 7,
		.type = options & 1 ? CRED_PSK : CRED_NONE,
		.split = options & 2,
		.raw = options & 4,
		.select = options & 8 ? "*a*" : NULL,
		.pass = "secret" };
	int rc;

	if (kind >= LEN(imports))
		return;
	rc = imports[kind](&in, s);
	if (rc != DONE && in.text[0] == '\0')
		abort();
	if (rc != DONE || imports[kind] == compare_list_read)
		return;
	check_script(s);
	check_exports(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct set s = { .n = 0 };

	say_quiet = 1;
	if (size > 0)
		run(data, size, &s);
	set_fini(&s);
	return 0;
}
