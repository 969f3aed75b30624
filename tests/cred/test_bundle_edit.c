/* Bundles of credentials as text: what a change leaves, and what it makes. */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/bundle_edit.h"
#include "cred/store.h"
#include "support/scratch.h"

#define TOP "zsock-credentials 1\n"
#define ABC "Digest: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\nText: abc\n"
#define ABD "Digest: pS0VnyYrLG3bckphhAvvw26zDIiHekAwtly+himESck=\nText: abd\n"
#define PAIR(tag) "Sec-Tag: " tag "\nType: PSK_ID\n"
#define OPS_MAX 4

static struct cred_op
op(enum cred_op_kind kind, int tag, const char *text)
{
	return (struct cred_op){ kind, tag, CRED_PSK_ID,
		(const unsigned char *)text, text != NULL ? strlen(text) : 0,
		false };
}
#define ADD(tag, text) \
	{ \
		CRED_OP_ADD, tag, text \
	}
#define PUT(tag, text) \
	{ \
		CRED_OP_PUT, tag, text \
	}
#define DEL(tag) \
	{ \
		CRED_OP_DELETE, tag, NULL \
	}
#define END \
	{ \
		CRED_OP_ADD, -1, NULL \
	}

struct change {
	enum cred_op_kind kind;
	int tag; /* -1: behind the last */
	const char *text;
};

static size_t
make_ops(const struct change *changes, struct cred_op *ops)
{
	size_t n = 0;

	for (; n < OPS_MAX && changes[n].tag >= 0; n++)
		ops[n] = op(changes[n].kind, changes[n].tag, changes[n].text);
	return n;
}

/* The text before, the changes, the text after. */
static const struct edit_case {
	const char *name;
	const char *text; /* NULL: there is none */
	struct change changes[OPS_MAX + 1];
	const char *note;
	const char *after;
	struct cred_op_count count; /* added, replaced, deleted, same */
} edits[] = {
	{ "a_new_text_has_a_first_line", NULL, { ADD(1, "abc"), END }, NULL,
	    TOP "\n" PAIR("1") ABC, { 1, 0, 0, 0 } },
	{ "a_new_text_may_have_no_section", NULL, { END }, NULL, TOP,
	    { 0, 0, 0, 0 } },
	{ "an_add_comes_last", TOP "\n" PAIR("9") "Text: \n\n# end\n",
	    { ADD(1, "abc"), ADD(0, "abd"), END }, NULL,
	    TOP "\n" PAIR("9") "Text: \n\n# end\n\n" PAIR("1") ABC
	    "\n" PAIR("0") ABD,
	    { 2, 0, 0, 0 } },
	{ "an_add_after_a_blank_line_has_no_second", TOP "# a\n\n",
	    { ADD(1, "abc"), END }, NULL, TOP "# a\n\n" PAIR("1") ABC,
	    { 1, 0, 0, 0 } },
	{ "an_add_after_blanks_has_no_second", TOP " \t\r\n",
	    { ADD(1, "abc"), END }, NULL, TOP " \t\r\n" PAIR("1") ABC,
	    { 1, 0, 0, 0 } },
	{ "an_add_after_no_line_end_makes_one", TOP PAIR("2") "Text: x",
	    { ADD(1, "abc"), END }, NULL,
	    TOP PAIR("2") "Text: x\n\n" PAIR("1") ABC, { 1, 0, 0, 0 } },
	{ "an_add_after_half_a_line_end_keeps_the_value",
	    TOP PAIR("2") "-----BEGIN A-----\nAA==\n-----END A-----\r",
	    { ADD(1, "abc"), END }, NULL,
	    TOP PAIR("2") "-----BEGIN A-----\nAA==\n-----END A-----\r\n"
	                  "\n" PAIR("1") ABC,
	    { 1, 0, 0, 0 } },
	{ "an_add_after_the_first_line_alone", "zsock-credentials 1",
	    { ADD(1, "abc"), END }, NULL, TOP "\n" PAIR("1") ABC,
	    { 1, 0, 0, 0 } },
	{ "an_add_to_other_line_ends_has_its_own",
	    "zsock-credentials 1\r\n\r\nSec-Tag: 2\r\nType: PSK_ID\r\n"
	    "Text: x\r\n",
	    { ADD(1, "abc"), END }, NULL,
	    "zsock-credentials 1\r\n\r\nSec-Tag: 2\r\nType: PSK_ID\r\n"
	    "Text: x\r\n\n" PAIR("1") ABC,
	    { 1, 0, 0, 0 } },
	{ "an_add_has_its_note", TOP, { ADD(1, "abc"), END }, "for a test",
	    TOP "\n" PAIR("1") "Note: for a test\n" ABC, { 1, 0, 0, 0 } },
	{ "a_put_of_what_is_not_there_adds", TOP "\n", { PUT(1, "abc"), END },
	    NULL, TOP "\n" PAIR("1") ABC, { 1, 0, 0, 0 } },
	{ "a_put_of_the_same_changes_nothing",
	    TOP "sec-tag: 01\n# a\n\ntype: identity\nHex: 61:62 63\n# b",
	    { PUT(1, "abc"), END }, "no note of this",
	    TOP "sec-tag: 01\n# a\n\ntype: identity\nHex: 61:62 63\n# b",
	    { 0, 0, 0, 1 } },
	{ "a_put_replaces_the_section_alone",
	    TOP "# a\n" PAIR("1") "# b\n\nText: x\n# c\n\n\n" PAIR(
	        "2") "Text: y\n# d\n",
	    { PUT(1, "abc"), END }, NULL,
	    TOP "# a\n" PAIR("1") ABC "# c\n\n\n" PAIR("2") "Text: y\n# d\n",
	    { 0, 1, 0, 0 } },
	{ "a_put_of_the_last_makes_a_line_end",
	    TOP PAIR("1") "Text: x\n" PAIR("2") "Text: y",
	    { PUT(2, "abd"), END }, NULL,
	    TOP PAIR("1") "Text: x\n" PAIR("2") ABD, { 0, 1, 0, 0 } },
	{ "a_put_keeps_notes_and_own_fields",
	    TOP "Sec-Tag: 1\nnote: a\nX-b: c \r\nType: PSK_ID\nNote: d\n"
	        "Text: x\n",
	    { PUT(1, "abc"), END }, NULL,
	    TOP PAIR("1") "note: a\nX-b: c \nNote: d\n" ABC, { 0, 1, 0, 0 } },
	{ "a_put_keeps_no_note_of_a_block",
	    TOP PAIR("1") "-----BEGIN A-----\nX-a: b\n\nAA==\n"
	                  "-----END A-----\n",
	    { PUT(1, "abc"), END }, NULL, TOP PAIR("1") ABC, { 0, 1, 0, 0 } },
	{ "a_new_note_takes_the_place_of_the_old",
	    TOP PAIR("1") "Note: a\nX-b: c\nText: x\n", { PUT(1, "abc"), END },
	    "n", TOP PAIR("1") "X-b: c\nNote: n\n" ABC, { 0, 1, 0, 0 } },
	{ "a_note_of_nothing_leaves_none", TOP PAIR("1") "Note: a\nText: x\n",
	    { PUT(1, "abc"), END }, "", TOP PAIR("1") ABC, { 0, 1, 0, 0 } },
	{ "a_put_twice_is_one_change", TOP PAIR("1") "Text: x\n",
	    { PUT(1, "abc"), PUT(1, "abd"), END }, NULL, TOP PAIR("1") ABD,
	    { 0, 1, 0, 0 } },
	{ "a_put_and_back_is_none", TOP PAIR("1") "Text: x\n",
	    { PUT(1, "abc"), PUT(1, "x"), END }, NULL,
	    TOP PAIR("1") "Text: x\n", { 0, 0, 0, 1 } },
	{ "a_put_of_no_bytes", TOP PAIR("1") "Text: x\n", { PUT(1, ""), END },
	    NULL,
	    TOP PAIR("1") "Digest: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	                  "\nText: \n",
	    { 0, 1, 0, 0 } },
	{ "what_is_redacted_is_replaced",
	    TOP PAIR("1") "Digest: x\nRedacted: yes\n", { PUT(1, "abc"), END },
	    NULL, TOP PAIR("1") ABC, { 0, 1, 0, 0 } },
	{ "what_is_redacted_stays_redacted",
	    TOP PAIR("1") "Digest: x\nRedacted: yes\n", { ADD(2, "abc"), END },
	    NULL, TOP PAIR("1") "Digest: x\nRedacted: yes\n\n" PAIR("2") ABC,
	    { 1, 0, 0, 0 } },
	{ "a_delete_takes_one_blank_line",
	    TOP "\n# a\n" PAIR("1") "# b\nText: x\n\n\n" PAIR("2") "Text: y\n",
	    { DEL(1), END }, NULL, TOP "\n# a\n\n" PAIR("2") "Text: y\n",
	    { 0, 0, 1, 0 } },
	{ "a_delete_leaves_what_comes_next",
	    TOP PAIR("1") "Text: x\n# of the next\n\n" PAIR("2") "Text: y\n",
	    { DEL(1), END }, NULL,
	    TOP "# of the next\n\n" PAIR("2") "Text: y\n", { 0, 0, 1, 0 } },
	{ "a_delete_of_the_last",
	    TOP PAIR("1") "Text: x\n\n" PAIR("2") "Text: y", { DEL(2), END },
	    NULL, TOP PAIR("1") "Text: x\n\n", { 0, 0, 1, 0 } },
	{ "a_delete_of_all",
	    TOP PAIR("1") "Text: x\r\n\r\n" PAIR("2") "Text: y\n",
	    { DEL(2), DEL(1), END }, NULL, TOP, { 0, 0, 2, 0 } },
	{ "a_delete_of_what_is_redacted", TOP PAIR("1") "Redacted: yes\n",
	    { DEL(1), END }, NULL, TOP, { 0, 0, 1, 0 } },
	{ "a_delete_and_an_add_are_a_replacement",
	    TOP PAIR("1") "Text: x\n\n# end\n", { DEL(1), ADD(1, "abc"), END },
	    NULL, TOP PAIR("1") ABC "\n# end\n", { 0, 1, 0, 0 } },
	{ "a_delete_and_an_add_of_the_same_change_nothing",
	    TOP PAIR("1") "Hex: 78\n\n# end\n", { DEL(1), ADD(1, "x"), END },
	    NULL, TOP PAIR("1") "Hex: 78\n\n# end\n", { 0, 0, 0, 1 } },
	{ "an_add_and_a_delete_change_nothing", TOP "# a",
	    { ADD(1, "x"), DEL(1), END }, NULL, TOP "# a", { 0, 0, 0, 0 } },
	{ "an_add_a_delete_and_an_add", TOP,
	    { ADD(1, "x"), DEL(1), ADD(1, "abc"), END }, NULL,
	    TOP "\n" PAIR("1") ABC, { 1, 0, 0, 0 } },
	{ "no_change_at_all", TOP "\n\n" PAIR("1") "Text: x", { END }, "n",
	    TOP "\n\n" PAIR("1") "Text: x", { 0, 0, 0, 0 } },
};

static struct bundle
parse(const char *text, size_t len)
{
	struct bundle_error e;
	struct bundle b;

	if (bundle_parse(text, len, &b, &e) != 0)
		fail_msg("line %d: %s", e.line, e.text);
	return b;
}

static void
text_is_edited(void **state)
{
	const struct edit_case *c = *state;
	struct cred_op ops[OPS_MAX];
	struct bundle b = { .n = 0 };
	struct bundle_edited done;
	struct bundle_edit in = { .text = c->text, .note = c->note };
	const size_t n = make_ops(c->changes, ops);

	if (c->text != NULL) {
		in.len = strlen(c->text);
		b = parse(c->text, in.len);
	}
	in.bundle = &b;
	assert_int_equal(bundle_edit(&in, ops, n, &done), 0);
	assert_true(buf_is(&done.text, c->after, strlen(c->after)));
	assert_memory_equal(&done.count, &c->count, sizeof(done.count));
	buf_fini(&done.text);
	bundle_fini(&b);
}

/* What cannot be, and which of the changes. */
static const struct bad_case {
	const char *name;
	const char *text;
	struct change changes[OPS_MAX + 1];
	const char *note;
	int rc;
	size_t failed;
} bads[] = {
	{ "an_add_of_what_is_there", TOP PAIR("1") "Text: x\n",
	    { ADD(2, "x"), ADD(1, "x"), END }, NULL, -EEXIST, 1 },
	{ "an_add_of_what_is_redacted", TOP PAIR("1") "Redacted: yes\n",
	    { ADD(1, "x"), END }, NULL, -EEXIST, 0 },
	{ "an_add_twice", TOP, { ADD(1, "x"), ADD(1, "x"), END }, NULL, -EEXIST,
	    1 },
	{ "a_delete_of_what_is_not_there", TOP PAIR("2") "Text: x\n",
	    { DEL(1), END }, NULL, -ENOENT, 0 },
	{ "a_delete_twice", TOP PAIR("1") "Text: x\n", { DEL(1), DEL(1), END },
	    NULL, -ENOENT, 1 },
	{ "a_delete_without_a_text", NULL, { ADD(1, "x"), DEL(2), END }, NULL,
	    -ENOENT, 1 },
	{ "a_note_with_an_escape", TOP, { ADD(1, "x"), END }, "\33[0m", -EINVAL,
	    1 },
	{ "a_note_that_brings_a_field", TOP, { ADD(1, "x"), END },
	    "a\nSec-Tag: 2\nType: PSK\nText: x", -EINVAL, 1 },
};

static const struct bundle_edit none, top = { .text = TOP };

static void
edit_fails(const struct bundle_edit *e, const struct cred_op *ops, size_t n,
    int rc, size_t which)
{
	struct bundle_edited done;
	struct bundle b = { .n = 0 };
	struct bundle_edit in = *e;

	if (e->text != NULL) {
		in.len = strlen(e->text);
		b = parse(e->text, in.len);
	}
	in.bundle = &b;
	assert_int_equal(bundle_edit(&in, ops, n, &done), rc);
	assert_int_equal(done.failed, which);
	assert_null(done.text.data);
	bundle_fini(&b);
}

static void
change_cannot_be(void **state)
{
	const struct bad_case *c = *state;
	struct cred_op ops[OPS_MAX];
	const size_t n = make_ops(c->changes, ops);

	edit_fails(&(struct bundle_edit){ .text = c->text, .note = c->note },
	    ops, n, c->rc, c->failed);
}

static void
there_is_no_such_tag_or_type(void **state)
{
	struct cred_op ops[2] = { op(CRED_OP_PUT, 1, "x"),
		op(CRED_OP_PUT, 2, "x") };

	(void)state;
	ops[1].tag = -1;
	edit_fails(&top, ops, 2, -EINVAL, 1);
	ops[1].tag = 2;
	ops[1].type = 7;
	edit_fails(&top, ops, 2, -EINVAL, 1);
	ops[1].type = CRED_NONE;
	edit_fails(&top, ops, 2, -EINVAL, 1);
}

static void
limits_are_kept(void **state)
{
	static struct cred_op ops[BUNDLE_SECTIONS_MAX + 2];
	static unsigned char value[BUNDLE_VALUE_MAX + 1];
	static char note[BUNDLE_LINE_MAX + 1];
	struct bundle_edited done;

	(void)state;
	for (int i = 0; i < BUNDLE_SECTIONS_MAX + 1; i++)
		ops[i] = op(CRED_OP_ADD, i, "x");
	edit_fails(&none, ops, BUNDLE_SECTIONS_MAX + 1, -EFBIG,
	    BUNDLE_SECTIONS_MAX + 1);
	/* Only what there is in the end counts. */
	ops[BUNDLE_SECTIONS_MAX + 1] = op(CRED_OP_DELETE, 7, NULL);
	assert_int_equal(bundle_edit(&none, ops, BUNDLE_SECTIONS_MAX + 2,
	                     &done),
	    0);
	assert_int_equal(done.count.added, BUNDLE_SECTIONS_MAX);
	buf_fini(&done.text);

	ops[0].data = value;
	ops[0].len = BUNDLE_VALUE_MAX + 1;
	edit_fails(&top, ops, 1, -EFBIG, 0);
	/* Each can be, and all together cannot. */
	for (int i = 0; i < 4; i++) {
		ops[i].data = value;
		ops[i].len = BUNDLE_VALUE_MAX;
	}
	edit_fails(&top, ops, 4, -EFBIG, 4);

	memset(note, 'a', sizeof(note) - 1);
	edit_fails(&(struct bundle_edit){ .text = TOP, .note = note }, ops + 4,
	    1, -EFBIG, 1);
}

/* What stays of the example before and behind a part of it. */
static void
assert_spliced(const char *before, const char *part, const char *instead,
    const char *after)
{
	const char *at = strstr(before, part);
	const size_t head = (size_t)(at - before);

	assert_non_null(at);
	assert_memory_equal(after, before, head);
	assert_memory_equal(after + head, instead, strlen(instead));
	assert_string_equal(after + head + strlen(instead), at + strlen(part));
}

#define TAG3_PSK \
	"Sec-Tag: 3\nType: PSK\n" \
	"Digest: FFLI8EJF01VyL9v7A8abz9OAt9/5EaPkJQEzlyUfak4=\n" \
	"Hex: 010102030405060708090a0b0c0d0e0f\n"

/* T04: of the worked example a change of one section leaves all the rest. */
static void
the_rest_of_the_example_stays(void **state)
{
	static const unsigned char abc[] = "abc";
	struct cred_op change = { CRED_OP_PUT, 3, CRED_PSK, abc, 3, false };
	struct bundle_edited done;
	size_t len;
	char *text = scratch_example(&len);
	struct bundle b = parse(text, len);
	const struct bundle_edit e = { text, len, &b, NULL };

	(void)state;
	assert_int_equal(bundle_edit(&e, &change, 1, &done), 0);
	buf_put(&done.text, '\0');
	assert_spliced(text, TAG3_PSK,
	    "Sec-Tag: 3\nType: PSK\n"
	    "Digest: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n"
	    "Hex: 616263\n",
	    (const char *)done.text.data);
	buf_fini(&done.text);

	change.kind = CRED_OP_DELETE;
	assert_int_equal(bundle_edit(&e, &change, 1, &done), 0);
	buf_put(&done.text, '\0');
	assert_spliced(text, TAG3_PSK "\n", "", (const char *)done.text.data);
	buf_fini(&done.text);
	bundle_fini(&b);
	free(text);
}

/* A generator of our own, so that a failure comes again. */
static unsigned
next_random(void)
{
	static unsigned seed = 1;

	seed = seed * 1103515245 + 12345;
	return seed >> 16;
}

#define TAGS 6
#define VALUE 40

struct model {
	bool held;
	size_t len;
	unsigned char data[VALUE];
};

static struct cred_op
random_op(struct model m[TAGS], unsigned char data[VALUE])
{
	const int tag = (int)(next_random() % TAGS);
	struct cred_op o = { CRED_OP_PUT, tag,
		tag % 2 == 0 ? CRED_PSK_ID : CRED_CA_CERTIFICATE, data,
		next_random() % VALUE, false };

	if (m[tag].held && next_random() % 3 == 0) {
		o.kind = CRED_OP_DELETE;
		m[tag].held = false;
		return o;
	}
	for (size_t i = 0; i < o.len; i++)
		data[i] = (unsigned char)(next_random() % 3 == 0
		        ? next_random()
		        : 'a' + next_random() % 4);
	m[tag].held = true;
	m[tag].len = o.len;
	memcpy(m[tag].data, data, o.len);
	return o;
}

static void
assert_model(const struct bundle *b, const struct model m[TAGS])
{
	size_t held = 0;

	for (size_t i = 0; i < TAGS; i++)
		held += m[i].held;
	assert_int_equal(b->n, held);
	for (size_t i = 0; i < b->n; i++) {
		const struct bundle_section *s = &b->sections[i];

		assert_true(m[s->tag].held);
		assert_int_equal(s->len, m[s->tag].len);
		assert_memory_equal(s->data, m[s->tag].data, s->len);
	}
}

/* Comments put anywhere survive, for none is in a section that changes. */
static void
many_changes_of_one_text(void **state)
{
	static const char tail[] = "\n# a comment that stays\n";
	struct model m[TAGS] = { { .held = false } };
	struct buf text = { .len = 0 };
	unsigned char data[2][VALUE];
	struct bundle_edited done;
	struct cred_op ops[2];
	struct bundle b;

	(void)state;
	buf_text(&text, TOP "# the head stays\n");
	for (int i = 0; i < 3000; i++) {
		for (int j = 0; j < 2; j++)
			ops[j] = random_op(m, data[j]);
		b = parse((const char *)text.data, text.len);
		assert_int_equal(bundle_edit(&(struct bundle_edit){ (char *)text
		                                                        .data,
		                                 text.len, &b, NULL },
		                     ops, 2, &done),
		    0);
		bundle_fini(&b);
		buf_fini(&text);
		text = done.text;
		b = parse((const char *)text.data, text.len);
		assert_model(&b, m);
		bundle_fini(&b);
		if (i == 500)
			buf_text(&text, tail);
	}
	assert_non_null(memmem(text.data, text.len, "# the head stays\n", 17));
	assert_non_null(
	    memmem(text.data, text.len, tail + 1, sizeof(tail) - 2));
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(there_is_no_such_tag_or_type),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(the_rest_of_the_example_stays),
		cmocka_unit_test(many_changes_of_one_text),
	};
	struct CMUnitTest tests[LEN(others) + LEN(edits) + LEN(bads)];
	size_t n = LEN(others);

	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, text_is_edited, edits, LEN(edits),
	    sizeof(edits[0]));
	n += test_rows(tests + n, change_cannot_be, bads, LEN(bads),
	    sizeof(bads[0]));
	return cmocka_run_group_tests_name("cred/bundle_edit", tests, NULL,
	    NULL);
}
