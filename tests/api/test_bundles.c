#include "support/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zephyr/net/tls_credentials.h>
#include <zsock/credentials.h>

#include "base/config.h"
#include "base/limits.h"
#include "cred/bundle_write.h"
#include "cred/store.h"
#include "sock/call.h"
#include "support/capture.h"
#include "support/tls_ends.h"

#define TOP "zsock-credentials 1\n"
#define TEST TOP "Test-Only: yes\n"
#define PSK(tag, value) "Sec-Tag: " tag "\nType: PSK\nText: " value "\n"

static char dir[64]; /* the working directory of all tests */
static char ctl[80]; /* where control sockets are */

static void
write_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fchmod(fileno(f), mode), 0);
	assert_int_equal(fclose(f), 0);
}

static int
group_setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/zsock-test-bundles-XXXXXX");
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return -1;
	write_file("good", TOP PSK("1", "one") PSK("2", "two"), 0600);
	write_file("fixture", TEST PSK("1", "one"), 0644);
	write_file("decree", TOP "Mode: override\n" PSK("1", "one"), 0600);
	write_file("bad", TOP "# note\nStroe: der\n", 0600);
	write_file("open", TOP PSK("1", "one"), 0644);
	write_file("redacted", TOP "Sec-Tag: 1\nType: PK\nRedacted: yes\n",
	    0600);
	if (mkdir("ctl", 0700) != 0)
		return -1;
	return setenv("ZSOCK_CTL_DIR", strcat(strcpy(ctl, dir), "/ctl"), 1);
}

static int
group_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* A decree is no credential of the program's, and goes by other means. */
static void
forget_all(void)
{
	const struct store_change how = { .origin = CRED_FROM_CTL };
	struct cred_op_count count;
	struct cred_set *set;
	uint64_t generation;
	size_t failed;

	assert_int_equal(store_list(&set, &generation), 0);
	for (size_t i = 0; i < set->n; i++) {
		const struct cred_op op = { .kind = CRED_OP_DELETE,
			.tag = set->creds[i]->tag,
			.type = set->creds[i]->type };

		assert_int_equal(store_apply(&op, 1, &how, &count, &generation,
		                     &failed),
		    0);
	}
	store_set_put(set);
}

static int
setup(void **state)
{
	(void)state;
	forget_all();
	limits_clear();
	capture_start();
	errno = EXDEV; /* none of the calls sets it */
	return 0;
}

static int
teardown(void **state)
{
	const int error = errno;

	(void)state;
	capture_stop();
	return error == EXDEV ? 0 : -1;
}

static void
assert_psk(int tag, const char *want)
{
	char got[16];
	size_t len = sizeof(got);

	assert_int_equal(tls_credential_get(tag, TLS_CREDENTIAL_PSK, got, &len),
	    want != NULL ? 0 : -ENOENT);
	assert_int_equal(len, want != NULL ? strlen(want) : 0);
	if (want != NULL)
		assert_memory_equal(got, want, len);
}

/* A call for a file or a text, with 2,PSK in the store. */
static const struct load_case {
	const char *name;
	const char *path, *text;
	unsigned flags;
	int want;
	int line;
	const char *first, *second; /* PSK of 1 and 2 afterwards */
	const char *log;            /* a part of the one line; NULL: none */
} loads[] = {
	{ "a_file", "fixture", NULL, 0, 0, 0, "one", "there", NULL },
	{ "a_file_that_replaces", "good", NULL, ZSOCK_CRED_REPLACE, 0, 0, "one",
	    "two", NULL },
	{ "a_file_of_what_is_held_is_eexist", "good", NULL, 0, -EEXIST, 5, NULL,
	    "there", "zsock_cred_load_file: good:5: sec_tag 2 has a PSK" },
	{ "a_file_that_is_none_is_enoent", "nowhere", NULL, 0, -ENOENT, 0, NULL,
	    "there", "zsock_cred_load_file: nowhere" },
	{ "a_file_below_a_file_is_enotdir", "good/x", NULL, 0, -ENOTDIR, 0,
	    NULL, "there", "zsock_cred_load_file: good/x" },
	{ "a_file_that_others_may_read_is_eperm", "open", NULL, 0, -EPERM, 0,
	    NULL, "there", "Test-Only: yes" },
	{ "a_file_that_is_no_bundle_is_einval", "bad", NULL, 0, -EINVAL, 3,
	    NULL, "there", "zsock_cred_load_file: bad:3: " },
	{ "a_device_is_einval", "/dev/zero", NULL, 0, -EINVAL, 0, NULL, "there",
	    "zsock_cred_load_file: /dev/zero" },
	{ "a_file_with_a_value_left_out_is_einval", "redacted", NULL, 0,
	    -EINVAL, 2, NULL, "there", "zsock_cred_load_file: redacted:2: " },
	{ "a_file_without_name_is_einval", NULL, NULL, 0, -EINVAL, 0, NULL,
	    "there", "zsock_cred_load_file: path is NULL" },
	{ "a_file_with_unknown_flags_is_einval", "fixture", NULL, 5, -EINVAL, 0,
	    NULL, "there", "flags has the unknown bits 0x4" },
	{ "a_text", NULL, TOP PSK("1", "x"), 0, 0, 0, "x", "there", NULL },
	{ "a_text_that_replaces", NULL, TOP PSK("2", "x"), ZSOCK_CRED_REPLACE,
	    0, 0, NULL, "x", NULL },
	{ "a_text_of_what_is_held_is_eexist", NULL, TOP PSK("2", "x"), 0,
	    -EEXIST, 2, NULL, "there",
	    "zsock_cred_load_mem: line 2: sec_tag 2 has a PSK" },
	{ "a_text_that_is_no_bundle_is_einval", NULL, TOP "\nx\n", 0, -EINVAL,
	    3, NULL, "there", "zsock_cred_load_mem: line 3: " },
	{ "a_text_with_a_value_left_out_is_einval", NULL,
	    TOP "Sec-Tag: 1\nType: PSK\nRedacted: yes\n", 0, -EINVAL, 2, NULL,
	    "there", "zsock_cred_load_mem: line 2: the value" },
	{ "a_text_with_unknown_flags_is_einval", NULL, TOP, 0x80000000U,
	    -EINVAL, 0, NULL, "there", "flags has the unknown bits" },
};

static int
load(const struct load_case *c, struct zsock_cred_error *e)
{
	return c->text != NULL
	    ? zsock_cred_load_mem(c->text, strlen(c->text), c->flags, e)
	    : zsock_cred_load_file(c->path, c->flags, e);
}

static void
load_answers(void **state)
{
	const struct load_case *c = *state;
	struct zsock_cred_error e = { .line = 77, .text = "untouched" };
	const char *said;

	assert_int_equal(tls_credential_add(2, TLS_CREDENTIAL_PSK, "there", 5),
	    0);
	assert_int_equal(load(c, &e), c->want);
	assert_int_equal(errno, EXDEV);
	said = capture_text();
	if (c->log == NULL)
		assert_string_equal(said, "");
	else if (strstr(said, c->log) == NULL)
		fail_msg("%s", said);
	assert_int_equal(e.line, c->want == 0 ? 77 : c->line);
	if (c->want == 0)
		assert_string_equal(e.text, "untouched");
	else
		assert_non_null(strstr(said, e.text));
	assert_psk(1, c->first);
	assert_psk(2, c->second);
	/* Who does not want to know why has the same answer. */
	if (c->want < 0)
		assert_int_equal(load(c, NULL), c->want);
	errno = EXDEV;
}

static void
no_text_is_einval(void **state)
{
	(void)state;
	assert_int_equal(zsock_cred_load_mem(NULL, 0, 0, NULL), -EINVAL);
	assert_int_equal(zsock_cred_load_mem(NULL, 5, 0, NULL), -EINVAL);
}

static void
a_text_of_more_than_4_mib_is_efbig(void **state)
{
	const size_t len = ((size_t)4 << 20) + 1;
	char *text = malloc(len);
	struct zsock_cred_error e;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', len);
	memcpy(text, TOP, strlen(TOP));
	assert_int_equal(zsock_cred_load_mem(text, len, 0, &e), -EFBIG);
	assert_int_equal(zsock_cred_load_mem(text, len - 1, 0, &e), 0);
	free(text);
	errno = EXDEV;
}

static void
more_than_the_target_has_room_for_is_enomem(void **state)
{
	struct zsock_cred_error e;

	(void)state;
	assert_int_equal(limits_set("CONFIG_TLS_MAX_CREDENTIALS_NUMBER", 1), 0);
	errno = EXDEV;
	assert_int_equal(zsock_cred_load_file("good", 0, &e), -ENOMEM);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(e.line, 5);
	assert_non_null(strstr(e.text, "CONFIG_TLS_MAX_CREDENTIALS_NUMBER=1"));
	assert_psk(1, NULL);
	errno = EXDEV;
}

/* The NUL behind it, if there is one, is not of it. */
static void
a_text_has_no_nul(void **state)
{
	(void)state;
	assert_int_equal(zsock_cred_load_mem(TOP, sizeof(TOP), 0, NULL),
	    -EINVAL);
	assert_int_equal(zsock_cred_load_mem(TOP, sizeof(TOP) - 1, 0, NULL), 0);
}

/* T25: the program's own add, as the bundle or the call wants it. */
static const struct mode_case {
	const char *name;
	const char *path;
	unsigned flags;
	int want;
} modes[] = {
	{ "an_add_of_a_provisioned_pair_is_eexist", "fixture", 0, -EEXIST },
	{ "an_add_of_a_decreed_pair_is_ignored", "decree", 0, 0 },
	{ "a_call_makes_a_decree", "fixture", ZSOCK_CRED_OVERRIDE, 0 },
};

static void
add_meets_a_bundle(void **state)
{
	const struct mode_case *c = *state;
	int again;

	assert_int_equal(zsock_cred_load_file(c->path, c->flags, NULL), 0);
	assert_int_equal(tls_credential_add(1, TLS_CREDENTIAL_PSK, "own", 3),
	    c->want);
	assert_psk(1, "one");
	assert_int_equal(tls_credential_delete(1, TLS_CREDENTIAL_PSK), 0);
	assert_psk(1, NULL);
	again = tls_credential_add(1, TLS_CREDENTIAL_PSK, "own", 3);
	assert_int_equal(again, 0);
	assert_psk(1, c->want == 0 ? "one" : "own");
	errno = EXDEV;
}

static const struct level_case {
	const char *name;
	const char *level;
} levels[] = {
	{ "no_level_is_einval", NULL },
	{ "an_empty_level_is_einval", "" },
	{ "the_level_off_is_einval", "off" },
	{ "a_level_in_capitals_is_einval", "LIST" },
	{ "a_level_by_number_is_einval", "1" },
};

static void
level_is_refused(void **state)
{
	const struct level_case *c = *state;

	assert_int_equal(zsock_ctl_start(c->level, NULL), -EINVAL);
	assert_non_null(strstr(capture_text(),
	    "zsock_ctl_start: the levels are list, load and full"));
	assert_int_equal(zsock_ctl_stop(), -ENOENT);
	errno = EXDEV;
}

/* Names that are none; there is no socket afterwards. */
static const struct level_case names[] = {
	{ "an_empty_name_is_einval", "" },
	{ "a_number_is_no_name_and_einval", "42" },
	{ "a_path_is_no_name_and_einval", "/fw" },
};

static void
name_is_refused(void **state)
{
	const struct level_case *c = *state;

	assert_int_equal(zsock_ctl_start("list", c->level), -EINVAL);
	assert_string_not_equal(capture_text(), "");
	assert_int_equal(zsock_ctl_stop(), -ENOENT);
	errno = EXDEV;
}

static void
a_control_socket_is_started_and_stopped(void **state)
{
	static const char *const all[] = { "list", "load", "full" };

	(void)state;
	for (size_t i = 0; i < LEN(all); i++) {
		errno = EXDEV;
		assert_int_equal(zsock_ctl_start(all[i], "bundles"), 0);
		assert_int_equal(zsock_ctl_start("list", NULL), -EALREADY);
		assert_int_equal(zsock_ctl_stop(), 0);
		assert_int_equal(zsock_ctl_stop(), -ENOENT);
		assert_int_equal(errno, EXDEV);
	}
}

/* T43: a directory that others may change is none for it. */
static void
a_control_socket_that_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chmod("ctl", 0777), 0);
	errno = EXDEV;
	assert_true(zsock_ctl_start("list", NULL) < 0);
	assert_int_equal(errno, EXDEV);
	assert_string_not_equal(capture_text(), "");
	assert_int_equal(zsock_ctl_stop(), -ENOENT);
	assert_int_equal(chmod("ctl", 0700), 0);
	errno = EXDEV;
}

/* The bundle of a CA under tag 1 and an identity of it under tag 2. */
static char *
bundle_of(const struct pki *p, size_t *len)
{
	const struct pki_bytes values[] = { pki_cert_pem(&p->ca),
		pki_cert_pem(&p->server), pki_key_pem(&p->server) };
	const int types[] = { CRED_CA_CERTIFICATE, CRED_CERTIFICATE,
		CRED_PRIVATE_KEY };
	struct buf text = { .len = 0 };

	buf_text(&text, TOP);
	for (size_t i = 0; i < LEN(values); i++) {
		struct pki_bytes value = values[i];

		assert_true(bundle_write_section(&text, i == 0 ? 1 : 2,
		    types[i], value.data, value.len));
		pki_bytes_free(&value);
	}
	*len = text.len;
	return (char *)text.data;
}

static void
load_pki(const struct pki *p)
{
	size_t len;
	char *text = bundle_of(p, &len);
	struct zsock_cred_error e = { .text = "" };

	if (zsock_cred_load_mem(text, len, ZSOCK_CRED_REPLACE, &e) != 0)
		fail_msg("line %d: %s", e.line, e.text);
	free(text);
}

/* T38: what is open goes on, what comes has the new credentials. */
static void
a_new_handshake_has_the_new_bundle(void **state)
{
	const struct tls_end server = { .tags = { 2 }, .ntags = 1 },
	                     client = { .tags = { 1 }, .ntags = 1 },
	                     stranger = { .tags = { 7 }, .ntags = 1 };
	struct tls_result before, after, refused;
	struct pki old, new;
	uint16_t port;
	int listener;

	(void)state;
	pki_init(&old, PKI_EC);
	pki_init(&new, PKI_EC);
	load_pki(&old);
	pki_store_ca(7, &old.ca);
	listener = tls_ends_listen(&server, &port);
	tls_ends_meet_at(&client, listener, port, &before);
	assert_int_equal(before.client_error, 0);
	tls_ends_talk(&before);

	load_pki(&new);
	tls_ends_meet_at(&client, listener, port, &after);
	assert_int_equal(after.client_error, 0);
	tls_ends_meet_at(&stranger, listener, port, &refused);
	assert_int_equal(refused.client_error, -ECONNABORTED);
	tls_ends_talk(&after);
	tls_ends_talk(&before); /* with credentials that are nowhere else */

	before.listener = after.listener = -1; /* it is one for all */
	tls_ends_close(&before);
	tls_ends_close(&after);
	tls_ends_close(&refused);
	pki_fini(&old);
	pki_fini(&new);
	errno = EXDEV;
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(no_text_is_einval),
		cmocka_unit_test(a_text_of_more_than_4_mib_is_efbig),
		cmocka_unit_test(more_than_the_target_has_room_for_is_enomem),
		cmocka_unit_test(a_text_has_no_nul),
		cmocka_unit_test(a_control_socket_is_started_and_stopped),
		cmocka_unit_test(a_control_socket_that_cannot_be_is_refused),
		cmocka_unit_test(a_new_handshake_has_the_new_bundle),
	};
	struct CMUnitTest tests[LEN(loads) + LEN(modes) + LEN(levels) +
	    LEN(names) + LEN(others)];
	size_t n = LEN(others);

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, load_answers, loads, LEN(loads),
	    sizeof(loads[0]));
	n += test_rows(tests + n, add_meets_a_bundle, modes, LEN(modes),
	    sizeof(modes[0]));
	n += test_rows(tests + n, level_is_refused, levels, LEN(levels),
	    sizeof(levels[0]));
	n += test_rows(tests + n, name_is_refused, names, LEN(names),
	    sizeof(names[0]));
	for (size_t i = 0; i < n; i++) {
		tests[i].setup_func = setup;
		tests[i].teardown_func = teardown;
	}
	return cmocka_run_group_tests_name("api/bundles", tests, group_setup,
	    group_teardown);
}
