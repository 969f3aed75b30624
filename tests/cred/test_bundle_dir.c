/* Directories of one credential a file: what is read, and how they change. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cred/bundle_file.h"
#include "cred/bundle_lock.h"
#include "cred/store.h"
#include "support/scratch.h"

#define SOMEBODY 54321

/* A file of the directory d, and what it stands for. */
static const struct value_case {
	const char *name;
	const char *file, *bytes;
	int tag, type;
	const char *value;
	size_t len;
} values[] = {
	{ "pem_has_a_nul", "42-ca.pem", "a\n", 42, CRED_CA_CERTIFICATE, "a\n",
	    3 },
	{ "pem_of_nothing_is_a_nul", "42-ca.pem", "", 42, CRED_CA_CERTIFICATE,
	    "", 1 },
	{ "der_is_its_bytes", "0-serv.der", "a\n", 0, CRED_CERTIFICATE, "a\n",
	    2 },
	{ "bin_is_its_bytes", "2147483647-pk.bin", "a\r\n", 2147483647,
	    CRED_PRIVATE_KEY, "a\r\n", 3 },
	{ "bin_may_be_empty", "1-psk.bin", "", 1, CRED_PSK, "", 0 },
	{ "hex_is_what_it_encodes", "1-psk.hex", "00:fF 1\t0\r\n", 1, CRED_PSK,
	    "\0\xff\x10", 3 },
	{ "hex_of_nothing", "1-psk.hex", "\n", 1, CRED_PSK, "", 0 },
	{ "txt_has_no_last_line_end", "1-psk_id.txt", "me\n", 1, CRED_PSK_ID,
	    "me", 2 },
	{ "txt_loses_one_line_end", "1-psk_id.txt", "me\n\n", 1, CRED_PSK_ID,
	    "me\n", 3 },
	{ "txt_loses_one_of_windows", "1-psk_id.txt", "me\r\n", 1, CRED_PSK_ID,
	    "me", 2 },
	{ "txt_without_a_line_end", "1-psk_id.txt", "me", 1, CRED_PSK_ID, "me",
	    2 },
	{ "a_long_name_of_a_type", "1-Root_CA_cert.pem", "a", 1,
	    CRED_CA_CERTIFICATE, "a", 2 },
	{ "letters_of_any_case", "01-PSK_ID.TXT", "a", 1, CRED_PSK_ID, "a", 1 },
};

static struct bundle_file
read_dir(const char *path)
{
	struct bundle_file_error e;
	struct bundle_file f;

	if (bundle_file_read(path, &f, &e) != 0)
		fail_msg("%s", e.text);
	assert_true(f.dir);
	assert_null(f.text);
	return f;
}

static void
value_is_read(void **state)
{
	const struct value_case *c = *state;
	struct bundle_file f;
	char path[100];

	snprintf(path, sizeof(path), "d/%s", c->file);
	scratch_text(path, c->bytes, 0600);
	f = read_dir("d");
	assert_int_equal(f.mode, 0700);
	assert_int_equal(f.bundle.n, 1);
	assert_int_equal(f.bundle.sections[0].tag, c->tag);
	assert_int_equal(f.bundle.sections[0].type, c->type);
	assert_int_equal(f.bundle.sections[0].len, c->len);
	assert_memory_equal(f.bundle.sections[0].data, c->value, c->len);
	bundle_file_fini(&f);
}

static void
read_fails(const char *path, int rc, const char *said)
{
	struct bundle_file f = { .len = 77 };
	struct bundle_file_error e;

	assert_int_equal(bundle_file_read(path, &f, &e), rc);
	assert_int_equal(f.len, 77);
	if (strncmp(e.text, said, strlen(said)) != 0)
		fail_msg("no \"%s\" at the begin of: %s", said, e.text);
}

/* The files of the directory, of the same bytes and mode, and what is said. */
static const struct bad_case {
	const char *name;
	const char *files[2];
	const char *bytes;
	mode_t mode;
	int rc;
	const char *said;
} bads[] = {
	{ "T14_a_readme", { "README" }, "", 0600, -EINVAL,
	    "d/README: a file here is named TAG-TYPE.EXT" },
	{ "an_unknown_type", { "1-cert.pem" }, "", 0600, -EINVAL,
	    "d/1-cert.pem: a file here is named" },
	{ "an_unknown_extension", { "1-ca.crt" }, "", 0600, -EINVAL,
	    "d/1-ca.crt: a file here is named" },
	{ "no_extension", { "1-ca" }, "", 0600, -EINVAL, "d/1-ca: " },
	{ "an_extension_alone", { "1-.pem" }, "", 0600, -EINVAL, "d/1-.pem: " },
	{ "two_extensions", { "1-ca.pem.bak" }, "", 0600, -EINVAL,
	    "d/1-ca.pem.bak: " },
	{ "no_tag", { "-ca.pem" }, "", 0600, -EINVAL, "d/-ca.pem: " },
	{ "no_type", { "1.pem" }, "", 0600, -EINVAL, "d/1.pem: " },
	{ "a_tag_of_letters", { "x-ca.pem" }, "", 0600, -EINVAL, "d/x-ca.pem" },
	{ "a_tag_with_a_sign", { "+1-ca.pem" }, "", 0600, -EINVAL,
	    "d/+1-ca.pem: " },
	{ "a_large_tag", { "2147483648-ca.pem" }, "", 0600, -EINVAL,
	    "d/2147483648-ca.pem: " },
	{ "a_very_large_tag", { "18446744073709551617-ca.pem" }, "", 0600,
	    -EINVAL, "d/18446744073709551617-ca.pem: " },
	{ "a_dot_before_the_type", { "1.a-ca.pem" }, "", 0600, -EINVAL,
	    "d/1.a-ca.pem: " },
	{ "hex_of_letters", { "1-psk.hex" }, "0g", 0600, -EINVAL,
	    "d/1-psk.hex: this is no hexadecimal number" },
	{ "hex_of_an_odd_number", { "1-psk.hex" }, "000", 0600, -EINVAL,
	    "d/1-psk.hex: this is no hexadecimal number" },
	{ "the_same_in_two_forms", { "1-ca.der", "1-ca.pem" }, "", 0600,
	    -EINVAL, "d/1-ca.pem: 1-ca.der is of the same tag and type" },
	{ "the_same_by_two_names", { "1-ca.pem", "01-root_ca_cert.pem" }, "",
	    0600, -EINVAL,
	    "d/1-ca.pem: 01-root_ca_cert.pem is of the same tag" },
	{ "T17_a_key_that_all_can_read", { "1-pk.pem" }, "", 0644, -EPERM,
	    "d/1-pk.pem: it has keys, and other users can read it (mode "
	    "0644): chmod 600 d/1-pk.pem" },
	{ "T17_a_pre_shared_key_that_a_group_can_read", { "1-psk.hex" }, "",
	    0640, -EPERM, "d/1-psk.hex: it has keys" },
	{ "T17_what_all_can_write", { "1-ca.pem" }, "", 0606, -EPERM,
	    "d/1-ca.pem: every user can change it" },
};

static void
fault_is_told(void **state)
{
	const struct bad_case *c = *state;
	char path[100];

	for (size_t i = 0; i < 2 && c->files[i] != NULL; i++) {
		snprintf(path, sizeof(path), "d/%s", c->files[i]);
		scratch_text(path, c->bytes, c->mode);
	}
	read_fails("d", c->rc, c->said);
	read_fails("d/", c->rc, c->said);
}

static int
enter(void **state)
{
	return scratch_enter(state) != 0 ? -1 : mkdir("d", 0700);
}

static void
sections_are_in_the_order_of_tags(void **state)
{
	static const char *const files[] = { "d/10-ca.pem", "d/9-psk_id.txt",
		"d/9-psk.hex", "d/9-ca.pem", "d/100-ca.pem" };
	static const int tags[] = { 9, 9, 9, 10, 100 },
	                 types[] = { CRED_CA_CERTIFICATE, CRED_PSK, CRED_PSK_ID,
		                 CRED_CA_CERTIFICATE, CRED_CA_CERTIFICATE };
	struct bundle_file f;

	(void)state;
	f = read_dir("d");
	assert_int_equal(f.bundle.n, 0);
	bundle_file_fini(&f);
	for (size_t i = 0; i < LEN(files); i++)
		scratch_text(files[i], "00\n", 0600);
	f = read_dir("d");
	assert_int_equal(f.bundle.n, LEN(tags));
	for (size_t i = 0; i < LEN(tags); i++) {
		assert_int_equal(f.bundle.sections[i].tag, tags[i]);
		assert_int_equal(f.bundle.sections[i].type, types[i]);
	}
	bundle_file_fini(&f);
}

/* As Kubernetes mounts a secret: links through a hidden directory. */
static void
mounted_secrets_are_read(void **state)
{
	struct bundle_file f;

	(void)state;
	assert_int_equal(mkdir("d/..2024", 0755), 0);
	assert_int_equal(symlink("..2024", "d/..data"), 0);
	scratch_text("d/..2024/1-pk.pem", "a", 0400);
	scratch_text("d/..2024/README", "a", 0400);
	assert_int_equal(symlink("..data/1-pk.pem", "d/1-pk.pem"), 0);
	f = read_dir("d");
	assert_int_equal(f.bundle.n, 1);
	bundle_file_fini(&f);
	assert_int_equal(chmod("d/..2024/1-pk.pem", 0444), 0);
	read_fails("d", -EPERM, "d/1-pk.pem: it has keys");
}

static void
what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir("d/1-ca.pem", 0700), 0);
	read_fails("d", -EINVAL, "d/1-ca.pem: a directory");
	assert_int_equal(rmdir("d/1-ca.pem"), 0);
	assert_int_equal(mkfifo("d/1-ca.pem", 0600), 0);
	read_fails("d", -EINVAL, "d/1-ca.pem: neither a file nor");
	assert_int_equal(unlink("d/1-ca.pem"), 0);
	assert_int_equal(symlink("none", "d/1-ca.pem"), 0);
	read_fails("d", -ENOENT, "d/1-ca.pem: No such file");
}

static void
nobody_else_may_write_in_it(void **state)
{
	(void)state;
	assert_int_equal(chmod("d", 0707), 0);
	read_fails("d", -EPERM, "d: every user can change it (mode 0707)");
	assert_int_equal(chmod("d", 01777), 0);
	read_fails("d", -EPERM, "d: every user can change it (mode 1777)");
	if (geteuid() != 0) {
		print_message("the rest skipped: only root gives it away\n");
		return;
	}
	assert_int_equal(chmod("d", 0770), 0);
	assert_int_equal(chown("d", 0, SOMEBODY), 0);
	read_fails("d", -EPERM, "d: the users of group 54321 can change it");
	assert_int_equal(chown("d", SOMEBODY, 0), 0);
	read_fails("d", -EPERM, "d: its owner is user 54321");
	assert_int_equal(chown("d", 0, 0), 0);
	scratch_text("d/1-ca.pem", "", 0600);
	assert_int_equal(chown("d/1-ca.pem", SOMEBODY, 0), 0);
	read_fails("d", -EPERM, "d/1-ca.pem: its owner is user 54321");
}

/* Of a mount that cannot be written to the mode does not matter. */
static void
what_is_mounted_for_reading_may_be_of_any_mode(void **state)
{
	struct bundle_file f;

	(void)state;
	if (mount("tmpfs", "d", "tmpfs", 0, "size=64k,mode=1777") < 0) {
		print_message("skipped: nothing can be mounted: %s\n",
		    strerror(errno));
		skip();
	}
	scratch_text("d/1-pk.pem", "a", 0400);
	read_fails("d", -EPERM, "d: every user can change it (mode 1777)");
	assert_int_equal(mount("d", "d", "", MS_REMOUNT | MS_RDONLY, NULL), 0);
	f = read_dir("d");
	assert_int_equal(f.bundle.n, 1);
	bundle_file_fini(&f);
}

static int
leave_mount(void **state)
{
	(void)umount2("d", MNT_DETACH); /* it may never have been there */
	return scratch_leave(state);
}

static void
limits_are_kept(void **state)
{
	static char value[BUNDLE_VALUE_MAX + 1];
	struct bundle_file f;
	char path[40];

	(void)state;
	scratch_write("d/0-ca.bin", value, BUNDLE_VALUE_MAX, 0600);
	f = read_dir("d");
	bundle_file_fini(&f);
	scratch_write("d/0-ca.bin", value, BUNDLE_VALUE_MAX + 1, 0600);
	read_fails("d", -EFBIG, "d/0-ca.bin: more than 1048576 bytes");
	/* Its NUL counts. */
	assert_int_equal(unlink("d/0-ca.bin"), 0);
	scratch_write("d/0-ca.pem", value, BUNDLE_VALUE_MAX, 0600);
	read_fails("d", -EFBIG, "d/0-ca.pem: more than 1048576 bytes");
	assert_int_equal(truncate("d/0-ca.pem", 5 << 20), 0);
	read_fails("d", -EFBIG, "d/0-ca.pem: more than 1048576 bytes");
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "d/%d-ca.pem", i);
		scratch_write(path, value, BUNDLE_VALUE_MAX - 1, 0600);
	}
	read_fails("d", -EFBIG, "d: more than 4194304 bytes in all its files");
	for (int i = 0; i < BUNDLE_SECTIONS_MAX; i++) {
		snprintf(path, sizeof(path), "d/%d-ca.pem", i);
		scratch_text(path, "", 0600);
	}
	f = read_dir("d");
	assert_int_equal(f.bundle.n, BUNDLE_SECTIONS_MAX);
	bundle_file_fini(&f);
	scratch_text("d/9999-ca.pem", "", 0600);
	read_fails("d", -EFBIG, "d: more than 1024 files");
}

static void
a_descriptor_may_be_a_directory(void **state)
{
	const int fd = open("d", O_RDONLY);
	struct bundle_file_error e;
	struct bundle_file f;

	(void)state;
	scratch_text("d/1-ca.pem", "", 0600);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(bundle_file_read_fd(fd, "-", &f, &e), 0);
		assert_int_equal(f.bundle.n, 1);
		bundle_file_fini(&f);
	}
	close(fd);
}

static int
change(const struct cred_op *ops, size_t n, struct bundle_file_error *e)
{
	return bundle_file_update_dir("d",
	    &(struct bundle_file_dir_change){ ops, n, NULL, NULL }, e);
}

static struct cred_op
put(int tag, int type, const char *value, size_t len)
{
	return (struct cred_op){ CRED_OP_PUT, tag, type,
		(const unsigned char *)value, len, false };
}

/* A value, the file that may be there before, and the one it makes. */
static const struct write_case {
	const char *name;
	const char *before, *bytes;
	int type;
	const char *value;
	size_t len;
	const char *file, *after;
} writes[] = {
	{ "pem_without_its_nul", NULL, NULL, CRED_CA_CERTIFICATE,
	    "-----BEGIN A-----\n", 19, "1-ca.pem", "-----BEGIN A-----\n" },
	{ "pem_that_has_no_nul", NULL, NULL, CRED_CERTIFICATE,
	    "-----BEGIN A-----\n", 18, "1-serv.bin", "-----BEGIN A-----\n" },
	{ "der_of_a_key", NULL, NULL, CRED_PRIVATE_KEY, "0abc", 4, "1-pk.der",
	    "0abc" },
	{ "a_pre_shared_key", NULL, NULL, CRED_PSK, "\x01\xab", 2, "1-psk.hex",
	    "01ab\n" },
	{ "an_identity", NULL, NULL, CRED_PSK_ID, "m\xc3\xa9", 3,
	    "1-psk_id.txt", "m\xc3\xa9\n" },
	{ "an_identity_of_two_lines", NULL, NULL, CRED_PSK_ID, "a\nb", 3,
	    "1-psk_id.bin", "a\nb" },
	{ "a_number_of_a_key", NULL, NULL, CRED_PRIVATE_KEY_PSA, "\1", 1,
	    "1-pk_psa.bin", "\1" },
	{ "the_old_name_stays", "01-IDENTITY.hex", "00", CRED_PSK_ID, "a", 1,
	    "01-IDENTITY.hex", "61\n" },
	{ "the_same_leaves_the_bytes", "01-IDENTITY.hex", "6 1", CRED_PSK_ID,
	    "a", 1, "01-IDENTITY.hex", "6 1" },
	{ "the_old_form_stays_if_it_can", "1-ca.bin", "x", CRED_CA_CERTIFICATE,
	    "-----BEGIN A-----\n", 19, NULL, NULL },
	{ "another_form_has_another_name", "01-CA.PEM", "x",
	    CRED_CA_CERTIFICATE, "0abc", 4, "1-ca.der", "0abc" },
	{ "an_identity_that_ends_as_a_line", "1-psk_id.txt", "x", CRED_PSK_ID,
	    "a\r", 2, "1-psk_id.bin", "a\r" },
};

static void
value_is_written(void **state)
{
	const struct write_case *c = *state;
	const struct cred_op op = put(1, c->type, c->value, c->len);
	struct bundle_file_error e;
	struct bundle_file f;
	char path[100];

	if (c->before != NULL) {
		snprintf(path, sizeof(path), "d/%s", c->before);
		scratch_text(path, c->bytes, 0600);
	}
	if (change(&op, 1, &e) != 0)
		fail_msg("%s", e.text);
	f = read_dir("d");
	assert_int_equal(f.bundle.n, 1);
	assert_int_equal(f.bundle.sections[0].len, c->len);
	assert_memory_equal(f.bundle.sections[0].data, c->value, c->len);
	bundle_file_fini(&f);
	if (c->file == NULL)
		return;
	snprintf(path, sizeof(path), "d/%s", c->file);
	scratch_has(path, c->after);
	assert_int_equal(scratch_mode(path), 0600);
}

static void
several_changes_are_made(void **state)
{
	const struct cred_op ops[] = {
		put(3, CRED_PSK, "\1", 1),
		{ .kind = CRED_OP_DELETE, .tag = 1, .type = CRED_PSK },
		put(2, CRED_CA_CERTIFICATE, "0", 1),
		{ .kind = CRED_OP_DELETE, .tag = 3, .type = CRED_PSK },
		put(1, CRED_PSK_ID, "a", 1),
	};
	struct bundle_file_error e;

	(void)state;
	scratch_text("d/1-psk.hex", "00", 0600);
	scratch_text("d/1-psk_id.txt", "x", 0644);
	scratch_text("d/.1-ca.pem.zsock-abcdef", "left", 0600);
	scratch_text("d/.hidden", "kept", 0600);
	scratch_text("d/.notes.zsock-abcdef", "of others", 0600);
	assert_int_equal(change(ops, LEN(ops), &e), 0);
	assert_string_equal(scratch_names("d"),
	    ".hidden .notes.zsock-abcdef 1-psk_id.txt 2-ca.der ");
	/* What is public stays so, and what is new is not yet. */
	assert_int_equal(scratch_mode("d/1-psk_id.txt"), 0644);
	assert_int_equal(scratch_mode("d/2-ca.der"), 0600);
}

static void
change_fails(const struct cred_op *ops, size_t n, int rc, const char *said)
{
	struct bundle_file_error e;

	assert_int_equal(change(ops, n, &e), rc);
	if (strstr(e.text, said) == NULL)
		fail_msg("no \"%s\" in: %s", said, e.text);
}

static void
all_or_nothing_is_done(void **state)
{
	static char value[BUNDLE_VALUE_MAX + 1];
	struct cred_op ops[5] = { put(1, CRED_PSK, "a", 1),
		put(2, CRED_PSK, "a", 1) };

	(void)state;
	scratch_text("d/2-psk.hex", "00", 0600);
	scratch_text("else", "00", 0600);
	ops[1].kind = CRED_OP_ADD;
	change_fails(ops, 2, -EEXIST, "d: 2 PSK is there already");
	ops[1].kind = CRED_OP_DELETE;
	ops[1].tag = 3;
	change_fails(ops, 2, -ENOENT, "d: no 3 PSK is there");
	ops[1] = put(3, 9, "", 0);
	change_fails(ops, 2, -EINVAL, "no type 9");
	ops[1] = put(3, CRED_PSK, value, sizeof(value));
	change_fails(ops, 2, -EFBIG, "3 PSK would have more than 1048576");
	for (int i = 0; i < 5; i++)
		ops[i] = put(i, CRED_PSK, value, BUNDLE_VALUE_MAX);
	change_fails(ops, 5, -EFBIG, "more than 4194304 bytes in all");
	/* What is behind a link is not changed, nor the link. */
	assert_int_equal(symlink("../else", "d/3-psk.hex"), 0);
	ops[0] = put(1, CRED_PSK, "a", 1);
	ops[1] = put(3, CRED_PSK, "a", 1);
	change_fails(ops, 2, -EINVAL, "d/3-psk.hex: a symbolic link");
	ops[1].kind = CRED_OP_DELETE;
	change_fails(ops, 2, -EINVAL, "d/3-psk.hex: a symbolic link");
	assert_string_equal(scratch_names("d"), "2-psk.hex 3-psk.hex ");
	scratch_has("d/2-psk.hex", "00");
	scratch_has("else", "00");
}

static void
what_is_refused_is_not_written(void **state)
{
	const struct cred_op op = put(1, CRED_PSK, "a", 1);
	const struct bundle_file_dir_change c = { &op, 1, NULL, NULL };
	struct bundle_file_error e;

	(void)state;
	scratch_text("d/README", "", 0600);
	change_fails(&op, 1, -EINVAL, "d/README: a file here is named");
	assert_int_equal(unlink("d/README"), 0);
	assert_int_equal(chmod("d", 0777), 0);
	change_fails(&op, 1, -EPERM, "d: every user can change it");
	assert_string_equal(scratch_names("d"), "");
	/* What others can write to is no place to tidy up. */
	scratch_text("d/.1-ca.pem.zsock-abcdef", "left", 0600);
	change_fails(&op, 1, -EPERM, "d: every user can change it");
	assert_string_equal(scratch_names("d"), ".1-ca.pem.zsock-abcdef ");
	scratch_text("file", "", 0600);
	assert_int_equal(bundle_file_update_dir("file", &c, &e), -ENOTDIR);
	assert_string_equal(e.text, "file: Not a directory");
	assert_int_equal(bundle_file_update_dir("none", &c, &e), -ENOENT);
}

static int
write_too_much(void)
{
	static char value[10000];
	const struct rlimit most = { 5000, 5000 };
	const struct cred_op op = put(1, CRED_PSK_ID, value, sizeof(value));
	struct bundle_file_error e;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &most) < 0 || change(&op, 1, &e) != -EIO)
		return 1;
	return strstr(e.text, "it cannot be written: File too large") == NULL;
}

/* T19: what cannot be written whole is not written at all. */
static void
a_limit_of_size_leaves_the_old(void **state)
{
	int status;

	(void)state;
	scratch_text("d/1-psk_id.txt", "old", 0600);
	if (fork() == 0)
		_exit(write_too_much());
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	assert_string_equal(scratch_names("d"), "1-psk_id.txt ");
	scratch_has("d/1-psk_id.txt", "old");
}

#define ADDS 200

static int
add_many(int tag)
{
	struct bundle_file_error e;
	struct cred_op op = put(tag, CRED_PSK, "a", 1);

	op.kind = CRED_OP_ADD;
	for (int i = 0; i < ADDS; i++, op.tag++) {
		if (change(&op, 1, &e) != 0)
			return 1;
	}
	return 0;
}

/* T20 for directories. */
static void
two_writers_lose_nothing(void **state)
{
	struct bundle_file f;
	int status;

	(void)state;
	for (int i = 0; i < 2; i++) {
		if (fork() == 0)
			_exit(add_many(i * 1000));
	}
	for (int i = 0; i < 2; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	f = read_dir("d");
	assert_int_equal(f.bundle.n, 2 * ADDS);
	bundle_file_fini(&f);
}

/* Two forms of one value: each takes the other's file away. */
static int
put_many(bool pem)
{
	const struct cred_op op = pem
	    ? put(1, CRED_CA_CERTIFICATE, "-----BEGIN A-----\n", 19)
	    : put(1, CRED_CA_CERTIFICATE, "0abc", 4);
	struct bundle_file_error e;

	for (int i = 0; i < ADDS; i++) {
		if (change(&op, 1, &e) != 0)
			return 1;
	}
	return 0;
}

static void
writers_of_two_forms_leave_one(void **state)
{
	int status;

	(void)state;
	scratch_text("d/1-ca.pem", "", 0600);
	for (int i = 0; i < 2; i++) {
		if (fork() == 0)
			_exit(put_many(i == 0));
	}
	for (int i = 0; i < 2; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(strlen(scratch_names("d")), strlen("1-ca.pem "));
}

static void
a_file_of_two_names_is_refused(void **state)
{
	const struct cred_op op = put(1, CRED_PSK_ID, "new", 3);

	(void)state;
	scratch_text("d/1-psk_id.txt", "old", 0600);
	assert_int_equal(link("d/1-psk_id.txt", "other"), 0);
	change_fails(&op, 1, -EPERM, "d/1-psk_id.txt: the file has 2 names");
	scratch_has("d/1-psk_id.txt", "old");
}

static void
a_lock_is_not_waited_for_for_ever(void **state)
{
	const struct cred_op op = put(1, CRED_PSK_ID, "new", 3);
	const int fd = open("d", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(flock(fd, LOCK_SH), 0);
	bundle_lock_ms = 100;
	change_fails(&op, 1, -ETIMEDOUT,
	    "d: another process has held its lock");
	bundle_lock_ms = 10000;
	assert_string_equal(scratch_names("d"), "");
	close(fd);
}

static int
refuse_two(void *arg, const struct bundle *held)
{
	*(size_t *)arg = held->n;
	return held->n == 2 ? -ESTALE : 0;
}

/* What it holds is seen under the lock, and nothing is done if it is wrong. */
static void
a_check_may_decline(void **state)
{
	const struct cred_op op = put(3, CRED_PSK_ID, "c", 1);
	size_t seen = 0;
	const struct bundle_file_dir_change c = { &op, 1, refuse_two, &seen };
	struct bundle_file_error e;

	(void)state;
	scratch_text("d/1-psk_id.txt", "a", 0600);
	scratch_text("d/2-psk_id.txt", "b", 0600);
	assert_int_equal(bundle_file_update_dir("d", &c, &e), -ESTALE);
	assert_int_equal(seen, 2);
	assert_string_equal(e.text, "");
	assert_int_equal(unlink("d/2-psk_id.txt"), 0);
	assert_int_equal(bundle_file_update_dir("d", &c, &e), 0);
	assert_string_equal(scratch_names("d"), "1-psk_id.txt 3-psk_id.txt ");
}

static int
change_all(void)
{
	static struct cred_op ops[2 * BUNDLE_SECTIONS_MAX];
	struct bundle_file_error e;

	for (int i = 0; i < BUNDLE_SECTIONS_MAX; i++) {
		ops[i] = (struct cred_op){ .kind = CRED_OP_DELETE,
			.tag = i,
			.type = CRED_PSK_ID };
		ops[BUNDLE_SECTIONS_MAX + i] =
		    put(BUNDLE_SECTIONS_MAX + i, CRED_PSK_ID, "new", 3);
	}
	return change(ops, LEN(ops), &e) != 0;
}

/* Old and new together are too many for whoever reads meanwhile. */
static void
all_files_are_changed_for_as_many_others(void **state)
{
	struct bundle_file_error e;
	struct bundle_file f;
	char path[40];
	int status, rc;
	pid_t pid;

	(void)state;
	for (int i = 0; i < BUNDLE_SECTIONS_MAX; i++) {
		snprintf(path, sizeof(path), "d/%d-psk_id.txt", i);
		scratch_text(path, "old", 0600);
	}
	pid = fork();
	if (pid == 0)
		_exit(change_all());
	while (waitpid(pid, &status, WNOHANG) == 0) {
		rc = bundle_file_read("d", &f, &e);
		if (rc == 0)
			bundle_file_fini(&f);
		if (rc == -EFBIG)
			fail_msg("%s", e.text);
	}
	assert_int_equal(status, 0);
	f = read_dir("d");
	assert_int_equal(f.bundle.n, BUNDLE_SECTIONS_MAX);
	assert_int_equal(f.bundle.sections[0].tag, BUNDLE_SECTIONS_MAX);
	bundle_file_fini(&f);
}

#define OF_DIR(f) cmocka_unit_test_setup_teardown(f, enter, scratch_leave)

int
main(void)
{
	const struct CMUnitTest others[] = {
		OF_DIR(sections_are_in_the_order_of_tags),
		OF_DIR(mounted_secrets_are_read),
		OF_DIR(what_is_no_file_is_refused),
		OF_DIR(nobody_else_may_write_in_it),
		cmocka_unit_test_setup_teardown(
		    what_is_mounted_for_reading_may_be_of_any_mode, enter,
		    leave_mount),
		OF_DIR(limits_are_kept),
		OF_DIR(a_descriptor_may_be_a_directory),
		OF_DIR(several_changes_are_made),
		OF_DIR(all_or_nothing_is_done),
		OF_DIR(what_is_refused_is_not_written),
		OF_DIR(a_limit_of_size_leaves_the_old),
		OF_DIR(two_writers_lose_nothing),
		OF_DIR(writers_of_two_forms_leave_one),
		OF_DIR(a_file_of_two_names_is_refused),
		OF_DIR(a_lock_is_not_waited_for_for_ever),
		OF_DIR(a_check_may_decline),
		OF_DIR(all_files_are_changed_for_as_many_others),
	};
	struct CMUnitTest
	    tests[LEN(others) + LEN(values) + LEN(bads) + LEN(writes)];
	size_t n = LEN(others);

	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, value_is_read, values, LEN(values),
	    sizeof(values[0]));
	n += test_rows(tests + n, fault_is_told, bads, LEN(bads),
	    sizeof(bads[0]));
	n += test_rows(tests + n, value_is_written, writes, LEN(writes),
	    sizeof(writes[0]));
	for (size_t i = LEN(others); i < n; i++) {
		tests[i].setup_func = enter;
		tests[i].teardown_func = scratch_leave;
	}
	return cmocka_run_group_tests_name("cred/bundle_dir", tests, NULL,
	    NULL);
}
