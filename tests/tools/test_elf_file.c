/* ELF files, also those that are cut short or lie (P24). */
#include "support/test.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf_file.h"

#define LOADER "/lib64/ld-linux-x86-64.so.2"
#define LOADER_AT (sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr))

/* A program of two segments, the second of which names its loader. */
struct image {
	Elf64_Ehdr head;
	Elf64_Phdr parts[2];
	char loader[sizeof(LOADER)];
};

static struct image
good_image(void)
{
	struct image i = { .head = { .e_ident = ELFMAG,
		               .e_type = ET_DYN,
		               .e_machine = EM_X86_64,
		               .e_phoff = sizeof(Elf64_Ehdr),
		               .e_phentsize = sizeof(Elf64_Phdr),
		               .e_phnum = 2 },
		.parts = { { .p_type = PT_LOAD },
		    { .p_type = PT_INTERP,
		        .p_offset = LOADER_AT,
		        .p_filesz = sizeof(LOADER) } },
		.loader = LOADER };

	i.head.e_ident[EI_CLASS] = ELFCLASS64;
	i.head.e_ident[EI_DATA] = ELFDATA2LSB;
	return i;
}

static int
read_bytes(const void *data, size_t len, struct elf_file *out)
{
	const int fd = memfd_create("elf", MFD_CLOEXEC);
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	rc = elf_file_read(fd, out);
	assert_int_equal(close(fd), 0);
	return rc;
}

static void
a_program_is_understood(void **state)
{
	const struct image i = good_image();
	char text[ELF_FILE_NAME_SIZE];
	struct elf_file e;

	(void)state;
	assert_int_equal(read_bytes(&i, sizeof(i), &e), 0);
	assert_int_equal(e.bits, ELFCLASS64);
	assert_int_equal(e.order, ELFDATA2LSB);
	assert_int_equal(e.type, ET_DYN);
	assert_int_equal(e.machine, EM_X86_64);
	assert_string_equal(e.interp, LOADER);
	assert_string_equal(elf_file_name(&e, text), "x86-64, 64 bits");
}

static void
the_first_of_two_loaders_counts(void **state)
{
	struct image i = good_image();
	struct elf_file e;

	(void)state;
	i.parts[0] = i.parts[1];
	i.parts[1].p_filesz = 1; /* which would be refused */
	assert_int_equal(read_bytes(&i, sizeof(i), &e), 0);
	assert_string_equal(e.interp, LOADER);
}

static void
without_a_loader_it_is_static(void **state)
{
	struct image i = good_image();
	struct elf_file e;

	(void)state;
	i.parts[1].p_type = PT_NOTE;
	assert_int_equal(read_bytes(&i, sizeof(i), &e), 0);
	assert_string_equal(e.interp, "");
	i.head.e_phnum = 0;
	i.head.e_phentsize = 0; /* as in an object file */
	assert_int_equal(read_bytes(&i, sizeof(i), &e), 0);
	assert_string_equal(e.interp, "");
}

/* For a machine of 32 bits, with the high byte first. */
static void
another_order_and_class_are_read(void **state)
{
	unsigned char i[sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr) + 6] = ELFMAG;
	const size_t part = sizeof(Elf32_Ehdr);
	char text[ELF_FILE_NAME_SIZE];
	struct elf_file e, other;
	struct image native = good_image();

	(void)state;
	i[EI_CLASS] = ELFCLASS32;
	i[EI_DATA] = ELFDATA2MSB;
	i[offsetof(Elf32_Ehdr, e_type) + 1] = ET_EXEC;
	i[offsetof(Elf32_Ehdr, e_machine) + 1] = EM_MIPS;
	i[offsetof(Elf32_Ehdr, e_phoff) + 3] = sizeof(Elf32_Ehdr);
	i[offsetof(Elf32_Ehdr, e_phentsize) + 1] = sizeof(Elf32_Phdr);
	i[offsetof(Elf32_Ehdr, e_phnum) + 1] = 1;
	i[part + offsetof(Elf32_Phdr, p_type) + 3] = PT_INTERP;
	i[part + offsetof(Elf32_Phdr, p_offset) + 3] =
	    sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr);
	i[part + offsetof(Elf32_Phdr, p_filesz) + 3] = 6;
	memcpy(i + sizeof(i) - 6, "/ld.1", 6);
	assert_int_equal(read_bytes(i, sizeof(i), &e), 0);
	assert_string_equal(e.interp, "/ld.1");
	assert_int_equal(e.type, ET_EXEC);
	assert_string_equal(elf_file_name(&e, text),
	    "MIPS, 32 bits, big-endian");
	assert_int_equal(read_bytes(&native, sizeof(native), &other), 0);
	assert_false(elf_file_is_alike(&e, &other));
	assert_true(elf_file_is_alike(&e, &e));
}

static void
every_cut_file_is_refused(void **state)
{
	const struct image i = good_image();
	struct elf_file e = { .bits = 77 };

	(void)state;
	for (size_t len = 0; len < sizeof(i); len++) {
		const int rc = read_bytes(&i, len, &e);

		if (len < LOADER_AT + sizeof(LOADER))
			assert_int_equal(rc,
			    len < EI_NIDENT ? -ENOEXEC : -EINVAL);
	}
	assert_int_equal(read_bytes("#!/bin/sh\n12345678", 18, &e), -ENOEXEC);
}

static void
no_file_is_no_program(void **state)
{
	const int fd = open("/", O_RDONLY | O_CLOEXEC);
	struct elf_file e;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(elf_file_read(fd, &e), -EISDIR);
	assert_int_equal(close(fd), 0);
	assert_int_equal(elf_file_read(-1, &e), -EBADF);
}

/* Each changes one field, at this place of the file. */
static const struct lie {
	const char *name;
	size_t at, len;
	uint64_t value;
} lies[] = {
	{ "no_such_class", EI_CLASS, 1, 3 },
	{ "no_class", EI_CLASS, 1, 0 },
	{ "no_such_order", EI_DATA, 1, 3 },
	{ "headers_behind_the_end", offsetof(struct image, head.e_phoff), 8,
	    4096 },
	{ "headers_at_the_end_of_all_numbers",
	    offsetof(struct image, head.e_phoff), 8, UINT64_MAX },
	{ "headers_at_a_negative_place", offsetof(struct image, head.e_phoff),
	    8, UINT64_C(1) << 63 },
	{ "headers_that_end_beyond_all_files",
	    offsetof(struct image, head.e_phoff), 8, INT64_MAX - 60 },
	{ "headers_of_no_size", offsetof(struct image, head.e_phentsize), 2,
	    0 },
	{ "headers_of_another_size", offsetof(struct image, head.e_phentsize),
	    2, 32 },
	{ "too_many_headers", offsetof(struct image, head.e_phnum), 2, 0xffff },
	{ "a_name_of_nothing", offsetof(struct image, parts[1].p_filesz), 8,
	    0 },
	{ "a_name_of_a_nul", offsetof(struct image, parts[1].p_filesz), 8, 1 },
	{ "a_name_too_long", offsetof(struct image, parts[1].p_filesz), 8,
	    PATH_MAX + 1 },
	{ "a_name_without_end", offsetof(struct image, parts[1].p_filesz), 8,
	    UINT64_MAX },
	{ "a_name_that_is_cut", offsetof(struct image, parts[1].p_filesz), 8,
	    sizeof(LOADER) - 1 },
	{ "a_name_behind_the_end", offsetof(struct image, parts[1].p_offset), 8,
	    sizeof(struct image) },
	{ "a_name_at_the_end_of_all_numbers",
	    offsetof(struct image, parts[1].p_offset), 8, UINT64_MAX - 5 },
	{ "a_segment_behind_the_end", offsetof(struct image, parts[0].p_filesz),
	    8, sizeof(struct image) + 1 },
	{ "a_segment_at_the_end_of_all_numbers",
	    offsetof(struct image, parts[0].p_offset), 8, UINT64_MAX },
	{ "an_empty_name", LOADER_AT, 1, 0 },
};

static void
a_lie_is_refused(void **state)
{
	const struct lie *lie = *state;
	struct image i = good_image();
	struct elf_file e = { .bits = 77, .interp = "x" };

	for (size_t n = 0; n < lie->len; n++)
		((unsigned char *)&i)[lie->at + n] =
		    (unsigned char)(lie->value >> (8 * n));
	assert_int_equal(read_bytes(&i, sizeof(i), &e), -EINVAL);
	assert_int_equal(e.bits, 77);
	assert_string_equal(e.interp, "x");
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_program_is_understood),
		cmocka_unit_test(the_first_of_two_loaders_counts),
		cmocka_unit_test(without_a_loader_it_is_static),
		cmocka_unit_test(another_order_and_class_are_read),
		cmocka_unit_test(every_cut_file_is_refused),
		cmocka_unit_test(no_file_is_no_program),
	};
	struct CMUnitTest tests[LEN(others) + LEN(lies)];
	size_t n;

	memcpy(tests, others, sizeof(others));
	n = LEN(others);
	n += test_rows(tests + n, a_lie_is_refused, lies, LEN(lies),
	    sizeof(lies[0]));
	assert_int_equal(n, LEN(tests));
	return cmocka_run_group_tests_name("tools/elf_file", tests, NULL, NULL);
}
