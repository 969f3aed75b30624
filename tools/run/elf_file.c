#include "elf_file.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More program headers than this the kernel refuses, too. */
#define HEADERS_MAX (65536 / sizeof(Elf32_Phdr))

/* A file, and how its numbers are written. */
struct source {
	int fd;
	uint64_t size; /* bytes of it */
	bool big;      /* the high byte first */
	bool wide;
};

/* Where a field of a header is, in either class. */
struct field {
	uint8_t at32, len32, at64, len64;
};

#define FIELD(record, name) \
	{ \
		offsetof(Elf32_##record, name), \
		    sizeof(((Elf32_##record *)0)->name), \
		    offsetof(Elf64_##record, name), \
		    sizeof(((Elf64_##record *)0)->name) \
	}

static const struct field head_type = FIELD(Ehdr, e_type),
                          head_machine = FIELD(Ehdr, e_machine),
                          head_where = FIELD(Ehdr, e_phoff),
                          head_size = FIELD(Ehdr, e_phentsize),
                          head_count = FIELD(Ehdr, e_phnum),
                          part_type = FIELD(Phdr, p_type),
                          part_where = FIELD(Phdr, p_offset),
                          part_size = FIELD(Phdr, p_filesz);

/* len bytes from there on, all of them; -EINVAL if the file ends before. */
static int
read_at(const struct source *s, uint64_t at, void *to, size_t len)
{
	unsigned char *out = to;
	size_t got = 0;
	ssize_t n;

	if (at > INT64_MAX - len)
		return -EINVAL;
	while (got < len) {
		n = pread(s->fd, out + got, len - got, (off_t)(at + got));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EINVAL;
		if (n > 0)
			got += (size_t)n;
	}
	return 0;
}

static uint64_t
number(const struct source *s, const unsigned char *record,
    const struct field *f)
{
	const size_t at = s->wide ? f->at64 : f->at32,
	             len = s->wide ? f->len64 : f->len32;
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | record[at + (s->big ? i : len - 1 - i)];
	return n;
}

/* The kernel wants a name that ends where the segment does. */
static int
read_interp(const struct source *s, const unsigned char *part,
    char interp[PATH_MAX])
{
	const uint64_t at = number(s, part, &part_where),
	               len = number(s, part, &part_size);
	int rc;

	if (len < 2 || len > PATH_MAX)
		return -EINVAL;
	rc = read_at(s, at, interp, (size_t)len);
	if (rc < 0)
		return rc;
	return interp[len - 1] == '\0' && interp[0] != '\0' ? 0 : -EINVAL;
}

/* What is to be in memory is in the file. */
static bool
is_whole(const struct source *s, const unsigned char *part)
{
	const uint64_t at = number(s, part, &part_where),
	               len = number(s, part, &part_size);

	return number(s, part, &part_type) != PT_LOAD ||
	    (at <= s->size && len <= s->size - at);
}

/* Only the first loader that a file names counts. */
static int
read_parts(const struct source *s, const unsigned char *head,
    char interp[PATH_MAX])
{
	const size_t size = s->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	const uint64_t at = number(s, head, &head_where),
	               n = number(s, head, &head_count);
	unsigned char part[sizeof(Elf64_Phdr)];
	int rc = 0;

	interp[0] = '\0';
	if (n == 0)
		return 0; /* an object file */
	if (number(s, head, &head_size) != size || n > HEADERS_MAX ||
	    at > s->size)
		return -EINVAL;
	for (uint64_t i = 0; rc == 0 && i < n; i++) {
		rc = read_at(s, at + i * size, part, size);
		if (rc == 0 && !is_whole(s, part))
			rc = -EINVAL;
		if (rc == 0 && interp[0] == '\0' &&
		    number(s, part, &part_type) == PT_INTERP)
			rc = read_interp(s, part, interp);
	}
	return rc;
}

int
elf_file_read(int fd, struct elf_file *out)
{
	unsigned char head[sizeof(Elf64_Ehdr)];
	struct source s = { .fd = fd };
	struct elf_file e;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	s.size = (uint64_t)st.st_size;
	rc = read_at(&s, 0, head, EI_NIDENT);
	if (rc < 0)
		return rc == -EINVAL ? -ENOEXEC : rc;
	if (memcmp(head, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	e.bits = head[EI_CLASS];
	e.order = head[EI_DATA];
	s.big = e.order == ELFDATA2MSB;
	s.wide = e.bits == ELFCLASS64;
	if ((e.bits != ELFCLASS32 && e.bits != ELFCLASS64) ||
	    (e.order != ELFDATA2LSB && e.order != ELFDATA2MSB))
		return -EINVAL;
	rc = read_at(&s, 0, head,
	    s.wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	if (rc < 0)
		return rc;
	e.type = (uint16_t)number(&s, head, &head_type);
	e.machine = (uint16_t)number(&s, head, &head_machine);
	rc = read_parts(&s, head, e.interp);
	if (rc == 0)
		*out = e;
	return rc;
}

bool
elf_file_is_alike(const struct elf_file *a, const struct elf_file *b)
{
	return a->bits == b->bits && a->order == b->order &&
	    a->machine == b->machine;
}

static const struct machine {
	uint16_t number;
	const char *name;
} machines[] = {
	{ EM_386, "i386" },
	{ EM_X86_64, "x86-64" },
	{ EM_ARM, "ARM" },
	{ EM_AARCH64, "AArch64" },
	{ EM_RISCV, "RISC-V" },
	{ EM_PPC64, "PowerPC" },
	{ EM_S390, "S/390" },
	{ EM_MIPS, "MIPS" },
};

const char *
elf_file_name(const struct elf_file *e, char text[ELF_FILE_NAME_SIZE])
{
	const char *name = NULL;
	char other[24];

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (machines[i].number == e->machine)
			name = machines[i].name;
	}
	(void)snprintf(other, sizeof(other), "machine %u",
	    (unsigned)e->machine);
	(void)snprintf(text, ELF_FILE_NAME_SIZE, "%s, %d bits%s",
	    name != NULL ? name : other, e->bits == ELFCLASS64 ? 64 : 32,
	    e->order == ELFDATA2MSB ? ", big-endian" : "");
	return text;
}
