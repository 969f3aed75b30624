#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/bundle.h"
#include "cred/control.h"
#include "cred/control_answer.h"
#include "cred/store.h"

static struct control_self self = { .pid = 991,
	.name = "fw",
	.exe = "/bin/fw" };
static const struct control_peer peer = { 1000, 992, &self };

static struct wire_frame request, reply;
static size_t at; /* in reply */

static void
ask(enum wire_type type)
{
	wire_fini(&request);
	wire_begin(&request, type, 77);
}

static int
send_as(uint8_t version)
{
	struct wire_head head;

	assert_true(wire_end(&request));
	assert_true(wire_read_head(request.b.data, &head));
	head.version = version;
	wire_fini(&reply);
	at = 0;
	return control_answer(&head, request.b.data + WIRE_HEAD, &peer, &reply);
}

/* The next frame of the reply, which is of that type. */
static void
expect(enum wire_type type, struct wire_head *h)
{
	assert_true(at + WIRE_HEAD <= reply.b.len);
	assert_true(wire_read_head(reply.b.data + at, h));
	assert_int_equal(h->type, type);
	assert_int_equal(h->id, 77);
	assert_int_equal(h->version, WIRE_VERSION);
	at += WIRE_HEAD + h->len;
	assert_true(at <= reply.b.len);
}

/* The nth field of that tag in the frame just expected. */
static bool
field(const struct wire_head *h, uint16_t tag, size_t nth, struct wire_field *f)
{
	const unsigned char *data = reply.b.data + at - h->len;
	size_t i = 0;
	int rc;

	while ((rc = wire_next(data, h->len, &i, f)) == 1) {
		if (f->tag == tag && nth-- == 0)
			return true;
	}
	assert_int_equal(rc, 0);
	return false;
}

static uint64_t
number(const struct wire_head *h, uint16_t tag)
{
	struct wire_field f;
	uint32_t u;
	uint64_t v;

	assert_true(field(h, tag, 0, &f));
	if (wire_u32(&f, &u))
		return u;
	assert_true(wire_u64(&f, &v));
	return v;
}

static void
expect_text(const struct wire_head *h, uint16_t tag, const char *want)
{
	struct wire_field f;
	char text[256];

	assert_true(field(h, tag, 0, &f));
	assert_true(wire_text(&f, text, sizeof(text)));
	assert_string_equal(text, want);
}

static void
expect_error(int error, const char *name)
{
	struct wire_head h;
	struct wire_field f;

	expect(WIRE_ERROR, &h);
	assert_int_equal(number(&h, WIRE_ERRNO), error);
	expect_text(&h, WIRE_ERROR_NAME, name);
	assert_true(field(&h, WIRE_TEXT, 0, &f));
	assert_true(f.len > 0);
	assert_int_equal(at, reply.b.len);
}

static void
put_op(enum cred_op_kind kind, int tag, int type, const char *value)
{
	const struct cred_op op = { kind, tag, type,
		(const unsigned char *)value, strlen(value), false };

	wire_put_op(&request, &op);
}

static uint64_t
generation(void)
{
	struct cred_set *set;
	uint64_t g;

	assert_int_equal(store_list(&set, &g), 0);
	store_set_put(set);
	return g;
}

/* A store of a CA, a key, a PSK and its identity. */
static int
fill(void **state)
{
	(void)state;
	self.level = WIRE_LEVEL_LOAD;
	return store_add(1, CRED_CA_CERTIFICATE, "root", 4) == 0 &&
	        store_add(2, CRED_PRIVATE_KEY, "key", 3) == 0 &&
	        store_add(3, CRED_PSK, "psk", 3) == 0 &&
	        store_add(3, CRED_PSK_ID, "id", 2) == 0
	    ? 0
	    : -1;
}

static int
empty(void **state)
{
	struct cred_set *set;
	uint64_t g;

	(void)state;
	if (store_list(&set, &g) < 0)
		return -1;
	for (size_t i = 0; i < set->n; i++)
		(void)store_delete(set->creds[i]->tag, set->creds[i]->type);
	store_set_put(set);
	control_count_by(NULL);
	wire_fini(&request);
	wire_fini(&reply);
	return 0;
}

static void
hello_says_who_this_is(void **state)
{
	struct wire_head h;

	(void)state;
	ask(WIRE_HELLO);
	wire_put_text(&request, WIRE_CLIENT, "zsock-cred");
	wire_put_u32(&request, WIRE_MAX_VERSION, 1);
	assert_int_equal(send_as(1), 0);
	expect(WIRE_HELLO_OK, &h);
	assert_int_equal(number(&h, WIRE_MAX_VERSION), 1);
	assert_int_equal(number(&h, WIRE_PID), 991);
	expect_text(&h, WIRE_NAME, "fw");
	expect_text(&h, WIRE_EXE, "/bin/fw");
	assert_int_equal(number(&h, WIRE_LEVEL), WIRE_LEVEL_LOAD);
	assert_int_equal(number(&h, WIRE_GENERATION), generation());
	assert_int_equal(number(&h, WIRE_COUNT), 4);
	assert_int_equal(number(&h, WIRE_FEATURES), 0);
}

static void
a_later_version_is_answered_with_ours(void **state)
{
	struct wire_head h;

	(void)state;
	ask(WIRE_HELLO);
	wire_put_u32(&request, WIRE_MAX_VERSION, 9);
	assert_int_equal(send_as(9), 0);
	expect(WIRE_HELLO_OK, &h);
	assert_int_equal(number(&h, WIRE_MAX_VERSION), 1);
}

static void
expect_no_common_version(void)
{
	struct wire_head h;

	expect(WIRE_ERROR, &h);
	assert_int_equal(number(&h, WIRE_ERRNO), EPROTONOSUPPORT);
	assert_int_equal(number(&h, WIRE_MIN_VERSION), 1);
	assert_int_equal(number(&h, WIRE_MAX_VERSION), 1);
}

/* T46 */
static void
no_common_version_is_an_error_with_our_range(void **state)
{
	(void)state;
	ask(WIRE_HELLO);
	wire_put_u32(&request, WIRE_MIN_VERSION, 2);
	wire_put_u32(&request, WIRE_MAX_VERSION, 9);
	assert_int_equal(send_as(9), 0);
	expect_no_common_version();
	ask(WIRE_HELLO);
	assert_int_equal(send_as(0), 0);
	expect_no_common_version();
	ask(WIRE_LIST);
	assert_int_equal(send_as(9), 0);
	expect_no_common_version();
}

static void
expect_item(int tag, int type, const char *value, int error)
{
	char digest[BUNDLE_DIGEST_SIZE];
	struct wire_field f;
	struct wire_head h;

	expect(WIRE_ITEM, &h);
	assert_int_equal(number(&h, WIRE_SEC_TAG), tag);
	assert_int_equal(number(&h, WIRE_CRED_TYPE), type);
	assert_int_equal(number(&h, WIRE_LENGTH), strlen(value));
	assert_int_equal(number(&h, WIRE_ORIGIN), CRED_FROM_API);
	assert_false(field(&h, WIRE_BYTES, 0, &f));
	if (error != 0) {
		assert_int_equal(number(&h, WIRE_ERRNO), error);
		assert_false(field(&h, WIRE_DIGEST, 0, &f));
		return;
	}
	assert_true(bundle_digest(value, strlen(value), digest));
	expect_text(&h, WIRE_DIGEST, digest);
}

static void
expect_all_items(int error)
{
	struct wire_head h;

	ask(WIRE_LIST);
	assert_int_equal(send_as(1), 0);
	expect_item(1, CRED_CA_CERTIFICATE, "root", 0);
	expect_item(2, CRED_PRIVATE_KEY, "key", error);
	expect_item(3, CRED_PSK, "psk", error);
	expect_item(3, CRED_PSK_ID, "id", 0);
	expect(WIRE_DONE, &h);
	assert_int_equal(number(&h, WIRE_COUNT), 4);
	assert_int_equal(number(&h, WIRE_GENERATION), generation());
	assert_int_equal(at, reply.b.len);
}

static void
digests_of_secrets_need_the_level_load(void **state)
{
	(void)state;
	self.level = WIRE_LEVEL_LIST;
	expect_all_items(EACCES);
	self.level = WIRE_LEVEL_LOAD;
	expect_all_items(0);
}

static void
a_list_may_be_of_a_tag_and_a_type(void **state)
{
	struct wire_head h;

	(void)state;
	ask(WIRE_LIST);
	wire_put_u32(&request, WIRE_SEC_TAG, 3);
	wire_put_u32(&request, WIRE_CRED_TYPE, CRED_PSK_ID);
	assert_int_equal(send_as(1), 0);
	expect_item(3, CRED_PSK_ID, "id", 0);
	expect(WIRE_DONE, &h);
	assert_int_equal(number(&h, WIRE_COUNT), 1);
}

static void
get(int tag, int type)
{
	ask(WIRE_GET);
	wire_put_u32(&request, WIRE_SEC_TAG, (uint32_t)tag);
	wire_put_u32(&request, WIRE_CRED_TYPE, (uint32_t)type);
	assert_int_equal(send_as(1), 0);
}

static void
expect_got(int tag, int type, const char *value)
{
	struct wire_field f;
	struct wire_head h;

	get(tag, type);
	expect(WIRE_VALUE, &h);
	assert_int_equal(number(&h, WIRE_SEC_TAG), tag);
	assert_int_equal(number(&h, WIRE_CRED_TYPE), type);
	assert_true(field(&h, WIRE_BYTES, 0, &f));
	assert_int_equal(f.len, strlen(value));
	assert_memory_equal(f.data, value, f.len);
}

/* T31 */
static void
values_of_secrets_need_the_level_full(void **state)
{
	static const enum wire_level low[] = { WIRE_LEVEL_LIST,
		WIRE_LEVEL_LOAD };

	(void)state;
	for (size_t i = 0; i < LEN(low); i++) {
		self.level = low[i];
		expect_got(1, CRED_CA_CERTIFICATE, "root");
		expect_got(3, CRED_PSK_ID, "id");
		get(2, CRED_PRIVATE_KEY);
		expect_error(EACCES, "EACCES");
		get(3, CRED_PSK);
		expect_error(EACCES, "EACCES");
		get(3, CRED_PRIVATE_KEY_PSA);
		expect_error(EACCES, "EACCES");
	}
	self.level = WIRE_LEVEL_FULL;
	expect_got(2, CRED_PRIVATE_KEY, "key");
	expect_got(3, CRED_PSK, "psk");
}

static void
what_is_not_there_is_ENOENT(void **state)
{
	(void)state;
	get(9, CRED_CA_CERTIFICATE);
	expect_error(ENOENT, "ENOENT");
}

static void
an_apply_makes_all_its_changes(void **state)
{
	struct wire_head h;
	char value[8];
	size_t len = sizeof(value);
	const uint64_t before = generation();

	(void)state;
	ask(WIRE_APPLY);
	put_op(CRED_OP_ADD, 7, CRED_CA_CERTIFICATE, "new");
	put_op(CRED_OP_PUT, 1, CRED_CA_CERTIFICATE, "other");
	put_op(CRED_OP_PUT, 3, CRED_PSK_ID, "id");
	put_op(CRED_OP_DELETE, 2, CRED_PRIVATE_KEY, "");
	assert_int_equal(send_as(1), 0);
	expect(WIRE_APPLIED, &h);
	assert_int_equal(number(&h, WIRE_ADDED), 1);
	assert_int_equal(number(&h, WIRE_REPLACED), 1);
	assert_int_equal(number(&h, WIRE_SAME), 1);
	assert_int_equal(number(&h, WIRE_DELETED), 1);
	assert_int_equal(number(&h, WIRE_GENERATION), generation());
	assert_true(generation() != before);
	assert_int_equal(store_copy(1, CRED_CA_CERTIFICATE, value, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(value, "other", 5);
}

/* T34 */
static void
of_an_apply_that_fails_nothing_is_done(void **state)
{
	const uint64_t before = generation();
	struct wire_head h;
	size_t len = 0;

	(void)state;
	ask(WIRE_APPLY);
	for (int tag = 10; tag < 14; tag++)
		put_op(CRED_OP_ADD, tag, CRED_PSK, "x");
	put_op(CRED_OP_ADD, 3, CRED_PSK, "held");
	assert_int_equal(send_as(1), 0);
	expect_error(EEXIST, "EEXIST");
	at = 0;
	expect(WIRE_ERROR, &h);
	assert_int_equal(number(&h, WIRE_OP_INDEX), 4);
	assert_int_equal(generation(), before);
	assert_int_equal(store_copy(10, CRED_PSK, NULL, &len), -ENOENT);
}

static void
an_apply_needs_the_level_load(void **state)
{
	(void)state;
	self.level = WIRE_LEVEL_LIST;
	ask(WIRE_APPLY);
	put_op(CRED_OP_ADD, 7, CRED_CA_CERTIFICATE, "new");
	assert_int_equal(send_as(1), 0);
	expect_error(EACCES, "EACCES");
}

static void
an_apply_to_a_store_that_has_changed_is_ESTALE(void **state)
{
	const uint64_t before = generation();

	(void)state;
	assert_int_equal(store_add(8, CRED_PSK, "x", 1), 0);
	ask(WIRE_APPLY);
	wire_put_u64(&request, WIRE_IF_GENERATION, before);
	put_op(CRED_OP_DELETE, 3, CRED_PSK, "");
	assert_int_equal(send_as(1), 0);
	expect_error(ESTALE, "ESTALE");
}

/* T37 */
static void
a_dry_run_changes_nothing(void **state)
{
	const uint64_t before = generation();
	struct wire_head h;

	(void)state;
	ask(WIRE_APPLY);
	wire_put_u32(&request, WIRE_DRY_RUN, 1);
	put_op(CRED_OP_DELETE, 3, CRED_PSK, "");
	assert_int_equal(send_as(1), 0);
	expect(WIRE_APPLIED, &h);
	assert_int_equal(number(&h, WIRE_DELETED), 1);
	assert_int_equal(generation(), before);
}

static size_t asked_tags;

static size_t
open_tags(const int *tags, size_t n, int *used)
{
	asked_tags = n;
	for (size_t i = 1; i < n; i++)
		assert_true(tags[i - 1] < tags[i]);
	used[0] = 3;
	return 1;
}

static size_t
sessions(void)
{
	return 5;
}

static void
what_sockets_use_is_told_with_each_change(void **state)
{
	static const struct control_census census = { open_tags, sessions };
	struct wire_head h;

	(void)state;
	control_count_by(&census);
	ask(WIRE_APPLY);
	put_op(CRED_OP_PUT, 3, CRED_PSK, "x");
	put_op(CRED_OP_PUT, 1, CRED_CA_CERTIFICATE, "x");
	put_op(CRED_OP_PUT, 3, CRED_PSK_ID, "x");
	assert_int_equal(send_as(1), 0);
	expect(WIRE_APPLIED, &h);
	assert_int_equal(asked_tags, 2);
	assert_int_equal(number(&h, WIRE_OPEN_TAG), 3);
	assert_int_equal(number(&h, WIRE_SESSIONS), 5);
}

static void
an_unknown_request_is_ENOSYS(void **state)
{
	(void)state;
	ask((enum wire_type)99);
	assert_int_equal(send_as(1), 0);
	expect_error(ENOSYS, "ENOSYS");
}

/* T46 */
static void
what_must_be_understood_and_is_not_ends_the_request(void **state)
{
	const uint64_t before = generation();
	struct wire_head h;

	(void)state;
	ask(WIRE_APPLY);
	put_op(CRED_OP_ADD, 7, CRED_PSK, "x");
	wire_put_u32(&request, WIRE_CRITICAL | 99, 1);
	assert_int_equal(send_as(1), 0);
	expect_error(EOPNOTSUPP, "EOPNOTSUPP");
	assert_int_equal(generation(), before);
	ask(WIRE_LIST);
	wire_put_u64(&request, WIRE_IF_GENERATION, before);
	assert_int_equal(send_as(1), 0);
	expect_error(EOPNOTSUPP, "EOPNOTSUPP");
	/* Any other is overlooked. */
	ask(WIRE_LIST);
	wire_put_u32(&request, 99, 1);
	wire_put_u32(&request, WIRE_SEC_TAG, 3);
	wire_put_u32(&request, WIRE_CRED_TYPE, CRED_PSK_ID);
	assert_int_equal(send_as(1), 0);
	expect(WIRE_ITEM, &h);
}

static void
a_field_of_the_wrong_length_ends_the_connection(void **state)
{
	(void)state;
	ask(WIRE_LIST);
	wire_put(&request, WIRE_SEC_TAG, "abc", 3);
	assert_int_equal(send_as(1), -EPROTO);
	ask(WIRE_APPLY);
	wire_put(&request, WIRE_OP, "abc", 3);
	assert_int_equal(send_as(1), -EPROTO);
}

static void
bad_tags_and_types_are_EINVAL(void **state)
{
	(void)state;
	get(-1, CRED_CA_CERTIFICATE);
	expect_error(EINVAL, "EINVAL");
	get(1, 7);
	expect_error(EINVAL, "EINVAL");
	get(1, 0);
	expect_error(EINVAL, "EINVAL");
	ask(WIRE_GET);
	assert_int_equal(send_as(1), 0);
	expect_error(EINVAL, "EINVAL");
	ask(WIRE_APPLY);
	put_op(CRED_OP_ADD, 1, 7, "x");
	assert_int_equal(send_as(1), 0);
	expect_error(EINVAL, "EINVAL");
}

static void
too_many_or_too_large_changes_are_refused(void **state)
{
	char *big = malloc(BUNDLE_VALUE_MAX + 2);

	(void)state;
	assert_non_null(big);
	memset(big, 'x', BUNDLE_VALUE_MAX + 1);
	big[BUNDLE_VALUE_MAX + 1] = '\0';
	ask(WIRE_APPLY);
	put_op(CRED_OP_ADD, 9, CRED_PSK, big);
	assert_int_equal(send_as(1), 0);
	expect_error(EINVAL, "EINVAL");
	free(big);
	ask(WIRE_APPLY);
	for (int i = 0; i <= CONTROL_OPS_MAX; i++)
		put_op(CRED_OP_ADD, 100 + i, CRED_PSK, "x");
	assert_int_equal(send_as(1), 0);
	expect_error(EINVAL, "EINVAL");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fill, empty)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(hello_says_who_this_is),
		TEST(a_later_version_is_answered_with_ours),
		TEST(no_common_version_is_an_error_with_our_range),
		TEST(digests_of_secrets_need_the_level_load),
		TEST(a_list_may_be_of_a_tag_and_a_type),
		TEST(values_of_secrets_need_the_level_full),
		TEST(what_is_not_there_is_ENOENT),
		TEST(an_apply_makes_all_its_changes),
		TEST(of_an_apply_that_fails_nothing_is_done),
		TEST(an_apply_needs_the_level_load),
		TEST(an_apply_to_a_store_that_has_changed_is_ESTALE),
		TEST(a_dry_run_changes_nothing),
		TEST(what_sockets_use_is_told_with_each_change),
		TEST(an_unknown_request_is_ENOSYS),
		TEST(what_must_be_understood_and_is_not_ends_the_request),
		TEST(a_field_of_the_wrong_length_ends_the_connection),
		TEST(bad_tags_and_types_are_EINVAL),
		TEST(too_many_or_too_large_changes_are_refused),
	};

	return cmocka_run_group_tests_name("cred/control_answer", tests, NULL,
	    NULL);
}
