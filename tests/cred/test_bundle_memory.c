/*
 * Bundles and memory: no secret is left in what is given back, and when there is
 * none left the files stay as they are.
 */
#include "support/test.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cred/bundle_edit.h"
#include "cred/bundle_file.h"
#include "cred/store.h"
#include "support/scratch.h"

#define TOP "zsock-credentials 1\n"
#define SECRET "SeCrEt of the test, to be found in memory"
#define SECTION "Sec-Tag: 1\nType: PSK_ID\nText: " SECRET "\n"

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#define MANY 1000000L

static long left = -1;  /* allocations that work; negative: all */
static size_t unwiped;  /* blocks with the secret that were given back */
static bool looked_for; /* is it looked for? */

#ifdef SANITIZED
static const bool watched = false; /* the sanitizer has its own malloc */
#else
static const bool watched = true;

extern void *__libc_malloc(size_t size);
extern void __libc_free(void *p);

void *
malloc(size_t size)
{
	if (left == 0) {
		errno = ENOMEM;
		return NULL;
	}
	left -= left > 0;
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	void *p = malloc(n * size);

	return p != NULL ? memset(p, 0, n * size) : NULL;
}

void
free(void *p)
{
	if (p != NULL && looked_for)
		unwiped += memmem(p, malloc_usable_size(p), SECRET,
		               strlen(SECRET) / 2) != NULL;
	__libc_free(p);
}

void *
realloc(void *p, size_t size)
{
	void *next = malloc(size);
	size_t n = p != NULL ? malloc_usable_size(p) : 0;

	if (next == NULL)
		return NULL;
	memcpy(next, p, n < size ? n : size);
	free(p);
	return next;
}
#endif

static int
read_one(const char *path)
{
	struct bundle_file_error e;
	struct bundle_file f;
	const int rc = bundle_file_read(path, &f, &e);

	if (rc == 0)
		bundle_file_fini(&f);
	return rc;
}

static int
read_file(void)
{
	return read_one("a.zcred");
}

static int
read_fifth_line(void)
{
	return read_one("wrong") == -EINVAL ? 0 : -ENOMEM;
}

/* Its buffer grows, for the size of a pipe is not known. */
static int
read_pipe(void)
{
	static char noise[20000];
	struct bundle_file_error e;
	struct bundle_file f;
	int ends[2], rc;

	memset(noise, '\n', sizeof(noise));
	if (pipe(ends) < 0 ||
	    write(ends[1], TOP SECTION, strlen(TOP SECTION)) < 0 ||
	    write(ends[1], noise, sizeof(noise)) < 0)
		return -errno;
	close(ends[1]);
	rc = bundle_file_read_fd(ends[0], "-", &f, &e);
	close(ends[0]);
	if (rc == 0)
		bundle_file_fini(&f);
	return rc;
}

static int
read_dir(void)
{
	return read_one("d");
}

static int
read_wrong_dir(void)
{
	return read_one("e") == -EINVAL ? 0 : -ENOMEM;
}

static int
edit(void *arg, const struct bundle_file *old, struct buf *out)
{
	const struct cred_op ops[] = {
		{ CRED_OP_PUT, 2, CRED_PSK_ID, (const unsigned char *)SECRET,
		    strlen(SECRET), false },
		{ CRED_OP_PUT, 1, CRED_PSK_ID,
		    (const unsigned char *)SECRET "2", strlen(SECRET) + 1,
		    false },
	};
	const struct bundle_edit e = { old->text, old->len, &old->bundle,
		NULL };
	struct bundle_edited done;
	int rc;

	(void)arg;
	rc = bundle_edit(&e, ops, 2, &done);
	*out = done.text;
	return rc;
}

static int
update_file(void)
{
	struct bundle_file_error e;

	return bundle_file_update("a.zcred", edit, NULL, &e);
}

static int
edit_with_a_wrong_note(void)
{
	const struct cred_op op = { CRED_OP_PUT, 2, CRED_PSK_ID,
		(const unsigned char *)SECRET, strlen(SECRET), false };
	const struct bundle_edit e = { .note = "\33" };
	struct bundle_edited done;
	int rc = bundle_edit(&e, &op, 1, &done);

	buf_fini(&done.text);
	return rc == -EINVAL ? 0 : -ENOMEM;
}

static int
update_dir(void)
{
	const struct cred_op ops[] = {
		{ CRED_OP_PUT, 2, CRED_PSK_ID, (const unsigned char *)SECRET,
		    strlen(SECRET), false },
		{ CRED_OP_PUT, 1, CRED_PSK_ID,
		    (const unsigned char *)SECRET "\n", strlen(SECRET) + 1,
		    false },
	};
	struct bundle_file_error e;

	return bundle_file_update_dir("d",
	    &(struct bundle_file_dir_change){ ops, 2, NULL, NULL }, &e);
}

/* What is done; 0 is what it returns, or -ENOMEM. */
static const struct work_case {
	const char *name;
	int (*run)(void);
} works[] = {
	{ "a_file_is_read", read_file },
	{ "a_file_is_refused", read_fifth_line },
	{ "a_pipe_is_read", read_pipe },
	{ "a_directory_is_read", read_dir },
	{ "a_directory_is_refused", read_wrong_dir },
	{ "a_file_is_changed", update_file },
	{ "a_change_is_refused", edit_with_a_wrong_note },
	{ "a_directory_is_changed", update_dir },
};

static void
prepare(void)
{
	static const char hex[] = "53:65 43";

	scratch_text("a.zcred", TOP SECTION, 0600);
	scratch_text("wrong", TOP SECTION "hello\n", 0600);
	mkdir("d", 0700);
	unlink("d/1-psk_id.bin");
	unlink("d/2-psk_id.txt");
	scratch_text("d/1-psk_id.txt", SECRET "\n", 0600);
	mkdir("e", 0700);
	scratch_text("e/1-psk_id.txt", SECRET "\n", 0600);
	scratch_text("e/2-psk.hex", hex, 0600);
	scratch_text("e/3-psk.hex", "x", 0600);
}

/* Either nothing was done to the file, or all. */
static void
assert_whole(void)
{
	struct bundle_file_error e;
	struct bundle_file f;
	size_t len;
	char *text;

	if (bundle_file_read("a.zcred", &f, &e) != 0)
		fail_msg("%s", e.text);
	if (f.bundle.n != 2) {
		text = scratch_read("a.zcred", &len);
		assert_string_equal(text, TOP SECTION);
		free(text);
	}
	bundle_file_fini(&f);
	assert_string_equal(scratch_names("."), "a.zcred d e wrong ");
}

static void
nothing_is_left_in_memory(void **state)
{
	const struct work_case *c = *state;
	long n;
	int rc;

	if (!watched) {
		print_message("left out: the sanitizer has its own malloc\n");
		return;
	}
	prepare();
	assert_int_equal(c->run(), 0); /* what OpenSSL keeps is there now */
	prepare();
	left = MANY;
	assert_int_equal(c->run(), 0);
	n = MANY - left;
	left = -1;
	assert_true(n > 2);
	/* Some do without, as the search for temporary files does. */
	for (long i = 0; i <= n; i++) {
		prepare();
		unwiped = 0;
		looked_for = true;
		left = i;
		rc = c->run();
		left = -1;
		looked_for = false;
		assert_true(rc == -ENOMEM || rc == 0);
		assert_int_equal(unwiped, 0);
		assert_whole();
	}
	assert_int_equal(rc, 0);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(works)];

	test_rows(tests, nothing_is_left_in_memory, works, LEN(works),
	    sizeof(works[0]));
	for (size_t i = 0; i < LEN(works); i++) {
		tests[i].setup_func = scratch_enter;
		tests[i].teardown_func = scratch_leave;
	}
	return cmocka_run_group_tests_name("cred/bundle_memory", tests, NULL,
	    NULL);
}
