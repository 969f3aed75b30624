#ifndef RUN_ELF_FILE_H
#define RUN_ELF_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* What matters of an ELF file, whoever made it. */
struct elf_file {
	uint8_t bits;     /* ELFCLASS32 or ELFCLASS64 */
	uint8_t order;    /* ELFDATA2LSB or ELFDATA2MSB */
	uint16_t type;    /* ET_EXEC, ET_DYN, ... */
	uint16_t machine; /* EM_X86_64, ... */
	/* The loader that the kernel is asked for; "" is none: static. */
	char interp[PATH_MAX];
};

/*
 * Reads the head of a file.  Returns 0; or, with out untouched,
 *   -ENOEXEC  it does not begin as ELF does
 *   -EINVAL   it does, but is cut short or contradicts itself
 *   -EIO ...  it cannot be read
 */
int elf_file_read(int fd, struct elf_file *out);

/* Can code of the one be loaded into a process of the other? */
bool elf_file_is_alike(const struct elf_file *a, const struct elf_file *b);

/* "x86-64, 64 bits", for a message; a static string's worth in text. */
#define ELF_FILE_NAME_SIZE 48
const char *elf_file_name(const struct elf_file *e,
    char text[ELF_FILE_NAME_SIZE]);

#endif
