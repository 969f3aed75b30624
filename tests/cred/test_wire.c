#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cred/wire.h"

static void
build(struct wire_frame *w)
{
	memset(w, 0, sizeof(*w));
	wire_begin(w, WIRE_GET, 0x01020304);
	wire_put_u32(w, WIRE_SEC_TAG, 42);
	wire_put_text(w, WIRE_NAME, "fw");
	assert_true(wire_end(w));
}

static void
a_frame_is_these_bytes(void **state)
{
	static const unsigned char want[] = { 'Z', 'C', 1, 3, 1, 2, 3, 4, 0, 0,
		0, 18, 0, 11, 0, 0, 0, 4, 0, 0, 0, 42, 0, 4, 0, 0, 0, 2, 'f',
		'w' };
	struct wire_frame w;

	(void)state;
	build(&w);
	assert_int_equal(w.b.len, sizeof(want));
	assert_memory_equal(w.b.data, want, sizeof(want));
	wire_fini(&w);
	assert_null(w.b.data);
}

/* Feeds bytes, step of them at a time. */
static int
feed(struct wire_reader *r, const unsigned char *bytes, size_t len, size_t step)
{
	size_t at = 0, room;
	unsigned char *p;
	int rc = 0;

	while (rc == 0 && at < len) {
		p = wire_read_room(r, &room);
		assert_non_null(p);
		assert_true(room > 0);
		if (room > step)
			room = step;
		if (room > len - at)
			room = len - at;
		memcpy(p, bytes + at, room);
		at += room;
		rc = wire_read(r, room);
	}
	return rc;
}

static void
a_frame_is_read_in_pieces_of_any_size(void **state)
{
	struct wire_frame w;
	uint32_t tag;
	char name[8];

	(void)state;
	build(&w);
	for (size_t step = 1; step <= w.b.len; step++) {
		struct wire_reader r = { 0 };
		struct wire_field f;
		size_t at = 0;

		assert_int_equal(feed(&r, w.b.data, w.b.len, step), 1);
		assert_int_equal(r.head.version, WIRE_VERSION);
		assert_int_equal(r.head.type, WIRE_GET);
		assert_int_equal(r.head.id, 0x01020304);
		assert_int_equal(r.head.len, 18);
		assert_int_equal(wire_next(r.body.data, 18, &at, &f), 1);
		assert_int_equal(f.tag, WIRE_SEC_TAG);
		assert_true(wire_u32(&f, &tag));
		assert_int_equal(tag, 42);
		assert_int_equal(wire_next(r.body.data, 18, &at, &f), 1);
		assert_true(wire_text(&f, name, sizeof(name)));
		assert_string_equal(name, "fw");
		assert_int_equal(wire_next(r.body.data, 18, &at, &f), 0);
		wire_read_fini(&r);
	}
	wire_fini(&w);
}

/* T46 */
static void
memory_grows_with_what_has_come(void **state)
{
	static const unsigned char head[] = { 'Z', 'C', 1, 4, 0, 0, 0, 1, 0,
		0x60, 0, 0 };
	static const unsigned char bytes[10000];
	struct wire_reader r = { 0 };
	size_t room;

	(void)state;
	assert_int_equal(feed(&r, head, sizeof(head), 64), 0);
	assert_non_null(wire_read_room(&r, &room));
	assert_true(r.body.room <= 4096);
	assert_int_equal(feed(&r, bytes, sizeof(bytes), 64), 0);
	assert_true(r.body.room <= 2 * sizeof(bytes));
	wire_read_fini(&r);
}

static const struct bad_head {
	const char *name;
	unsigned char bytes[WIRE_HEAD];
} bad_heads[] = {
	/* T46 */
	{ "a frame without ZC is none", { 'Z', 'D', 1, 1 } },
	{ "a frame of 2^32-1 bytes is none",
	    { 'Z', 'C', 1, 1, 0, 0, 0, 0, 255, 255, 255, 255 } },
	{ "a frame of one byte above the most is none",
	    { 'Z', 'C', 1, 1, 0, 0, 0, 0, 0, 0x60, 0, 1 } },
};

static void
is_refused(void **state)
{
	const struct bad_head *b = *state;
	struct wire_reader r = { 0 };

	assert_int_equal(feed(&r, b->bytes, WIRE_HEAD, 1), -EPROTO);
	wire_read_fini(&r);
}

static void
a_frame_of_no_fields_is_whole_with_its_head(void **state)
{
	static const unsigned char head[WIRE_HEAD] = { 'Z', 'C', 1, 2 };
	struct wire_reader r = { 0 };

	(void)state;
	assert_int_equal(feed(&r, head, WIRE_HEAD, 5), 1);
	assert_int_equal(r.head.len, 0);
	wire_read_fini(&r);
}

static const struct bad_fields {
	const char *name;
	size_t len;
	unsigned char bytes[12];
} bad_fields[] = {
	{ "a field cut in its head is none", 5, { 0, 1, 0, 0, 0 } },
	{ "a field longer than its frame is none", 8,
	    { 0, 1, 0, 0, 0, 3, 1, 2 } },
	{ "a field of 2^32-1 bytes is none", 8,
	    { 0, 1, 255, 255, 255, 255, 1, 2 } },
	{ "what is left behind a field is none", 8,
	    { 0, 1, 0, 0, 0, 1, 'x', 0 } },
};

static void
is_cut_short(void **state)
{
	const struct bad_fields *b = *state;
	struct wire_field f;
	size_t at = 0;
	int rc;

	while ((rc = wire_next(b->bytes, b->len, &at, &f)) == 1)
		continue;
	assert_int_equal(rc, -EINVAL);
}

static void
numbers_of_another_length_are_none(void **state)
{
	const unsigned char bytes[9] = { 0 };
	uint32_t u;
	uint64_t v;

	(void)state;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		const struct wire_field f = { 1, bytes, n };

		assert_int_equal(wire_u32(&f, &u), n == 4);
		assert_int_equal(wire_u64(&f, &v), n == 8);
	}
}

static void
a_text_with_a_NUL_or_too_long_is_none(void **state)
{
	const struct wire_field nul = { 1, (const unsigned char *)"a\0b", 3 };
	const struct wire_field text = { 1, (const unsigned char *)"abc", 3 };
	char out[4];

	(void)state;
	assert_false(wire_text(&nul, out, sizeof(out)));
	assert_false(wire_text(&text, out, 3));
	assert_true(wire_text(&text, out, 4));
	assert_string_equal(out, "abc");
}

static void
an_op_comes_back(void **state)
{
	const struct cred_op ops[] = {
		{ CRED_OP_ADD, 1, 1, (const unsigned char *)"value", 5, false },
		{ CRED_OP_PUT, INT32_MAX, 6, (const unsigned char *)"", 0,
		    true },
		{ CRED_OP_DELETE, 0, 4, NULL, 0, false },
	};
	struct wire_frame w = { 0 };
	struct wire_field f;
	struct cred_op op;
	size_t at = WIRE_HEAD;

	(void)state;
	wire_begin(&w, WIRE_APPLY, 1);
	for (size_t i = 0; i < LEN(ops); i++)
		wire_put_op(&w, &ops[i]);
	assert_true(wire_end(&w));
	for (size_t i = 0; i < LEN(ops); i++) {
		assert_int_equal(wire_next(w.b.data, w.b.len, &at, &f), 1);
		assert_int_equal(f.tag, WIRE_OP);
		assert_true(wire_op(&f, &op));
		assert_int_equal(op.kind, ops[i].kind);
		assert_int_equal(op.tag, ops[i].tag);
		assert_int_equal(op.type, ops[i].type);
		assert_int_equal(op.len, ops[i].len);
		assert_int_equal(op.override, ops[i].override);
		if (op.len > 0)
			assert_memory_equal(op.data, ops[i].data, op.len);
	}
	wire_fini(&w);
}

static void
an_op_of_no_kind_or_cut_short_is_none(void **state)
{
	unsigned char bytes[WIRE_OP_HEAD] = { 0, 0, 0, 3 };
	struct wire_field f = { WIRE_OP, bytes, sizeof(bytes) };
	struct cred_op op;

	(void)state;
	assert_false(wire_op(&f, &op));
	bytes[3] = 2;
	assert_true(wire_op(&f, &op));
	bytes[2] = 2;
	assert_false(wire_op(&f, &op));
	bytes[2] = 0;
	bytes[4] = 0x80; /* a negative sec_tag */
	assert_false(wire_op(&f, &op));
	bytes[4] = 0;
	f.len--;
	assert_false(wire_op(&f, &op));
}

static void
frames_follow_each_other(void **state)
{
	struct wire_frame w = { 0 };
	struct wire_head h;
	size_t first;

	(void)state;
	wire_begin(&w, WIRE_ITEM, 7);
	wire_put_u32(&w, WIRE_SEC_TAG, 1);
	assert_true(wire_end(&w));
	first = w.b.len;
	wire_begin(&w, WIRE_DONE, 7);
	assert_true(wire_end(&w));
	assert_true(wire_read_head(w.b.data, &h));
	assert_int_equal(h.type, WIRE_ITEM);
	assert_int_equal(h.len, first - WIRE_HEAD);
	assert_true(wire_read_head(w.b.data + first, &h));
	assert_int_equal(h.type, WIRE_DONE);
	assert_int_equal(h.len, 0);
	wire_fini(&w);
}

static void
a_frame_above_the_most_fails_at_its_end(void **state)
{
	unsigned char *big = calloc(1, WIRE_LEN_MAX);
	struct wire_frame w = { 0 };

	(void)state;
	assert_non_null(big);
	wire_begin(&w, WIRE_VALUE, 1);
	wire_put(&w, WIRE_BYTES, big, WIRE_LEN_MAX - 6);
	assert_true(wire_end(&w));
	wire_put_u32(&w, WIRE_SEC_TAG, 1);
	assert_false(wire_end(&w));
	wire_fini(&w);
	free(big);
}

/* T48 */
static char temp[32];

static int
make_temp(void **state)
{
	(void)state;
	strcpy(temp, "/tmp/zsock-test-XXXXXX");
	return mkdtemp(temp) != NULL ? 0 : -1;
}

static int
remove_temp(void **state)
{
	(void)state;
	unsetenv("ZSOCK_CTL_DIR");
	unsetenv("XDG_RUNTIME_DIR");
	return rmdir(temp);
}

static void
expect_dir(const char *ctl, const char *run, const char *want)
{
	char path[512];

	unsetenv("ZSOCK_CTL_DIR");
	unsetenv("XDG_RUNTIME_DIR");
	if (ctl != NULL)
		setenv("ZSOCK_CTL_DIR", ctl, 1);
	if (run != NULL)
		setenv("XDG_RUNTIME_DIR", run, 1);
	assert_int_equal(wire_dir(path, sizeof(path)), strlen(want));
	assert_string_equal(path, want);
}

static void
the_directory_is_the_first_that_fits(void **state)
{
	char fallback[64], in_run[64], missing[64];

	(void)state;
	snprintf(fallback, sizeof(fallback), "/tmp/zsock-%u", geteuid());
	snprintf(in_run, sizeof(in_run), "%s/zsock", temp);
	snprintf(missing, sizeof(missing), "%s/missing", temp);
	expect_dir("/run/here", temp, "/run/here");
	expect_dir("/run/here///", NULL, "/run/here");
	expect_dir("/", NULL, "/");
	expect_dir("", temp, in_run);
	expect_dir(NULL, temp, in_run);
	expect_dir(NULL, NULL, fallback);
	expect_dir(NULL, "", fallback);
	expect_dir(NULL, missing, fallback);
	expect_dir(NULL, "/dev/null", fallback);
}

/* As su leaves it behind. */
static void
a_runtime_directory_of_somebody_else_is_passed_over(void **state)
{
	char fallback[64];

	(void)state;
	snprintf(fallback, sizeof(fallback), "/tmp/zsock-%u", geteuid());
	if (geteuid() != 0) { /* root's, then */
		expect_dir(NULL, "/", fallback);
		return;
	}
	assert_int_equal(chown(temp, 1, 1), 0);
	expect_dir(NULL, temp, fallback);
	assert_int_equal(chown(temp, 0, 0), 0);
}

static void
levels_have_names(void **state)
{
	(void)state;
	for (uint32_t i = 0; i <= WIRE_LEVEL_FULL; i++)
		assert_int_equal(wire_level_parse(wire_level_name(i)), i);
	assert_int_equal(wire_level_parse("1"), WIRE_LEVEL_LOAD);
	assert_int_equal(wire_level_parse("yes"), -1);
	assert_int_equal(wire_level_parse(""), -1);
	assert_null(wire_level_name(4));
}

int
main(void)
{
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(a_frame_is_these_bytes),
		cmocka_unit_test(a_frame_is_read_in_pieces_of_any_size),
		cmocka_unit_test(memory_grows_with_what_has_come),
		cmocka_unit_test(a_frame_of_no_fields_is_whole_with_its_head),
		cmocka_unit_test(numbers_of_another_length_are_none),
		cmocka_unit_test(a_text_with_a_NUL_or_too_long_is_none),
		cmocka_unit_test(an_op_comes_back),
		cmocka_unit_test(an_op_of_no_kind_or_cut_short_is_none),
		cmocka_unit_test(frames_follow_each_other),
		cmocka_unit_test(a_frame_above_the_most_fails_at_its_end),
		cmocka_unit_test_setup_teardown(
		    the_directory_is_the_first_that_fits, make_temp,
		    remove_temp),
		cmocka_unit_test(levels_have_names),
	};
	struct CMUnitTest
	    tests[LEN(plain) + LEN(bad_heads) + LEN(bad_fields) + 1];
	size_t n = LEN(plain);

	memcpy(tests, plain, sizeof(plain));
	n += test_rows(&tests[n], is_refused, bad_heads, LEN(bad_heads),
	    sizeof(bad_heads[0]));
	n += test_rows(&tests[n], is_cut_short, bad_fields, LEN(bad_fields),
	    sizeof(bad_fields[0]));
	tests[n] = (struct CMUnitTest){
		.name = "a_runtime_directory_of_somebody_else_is_passed_over",
		.test_func =
		    a_runtime_directory_of_somebody_else_is_passed_over,
		.setup_func = make_temp,
		.teardown_func = remove_temp,
	};
	return cmocka_run_group_tests_name("cred/wire", tests, NULL, NULL);
}
