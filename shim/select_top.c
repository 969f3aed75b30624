#include "shim/select_top.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/select.h>

#include "shim/raw.h"
#include "shim/real.h"
#include "shim/slots.h"

#define LISTING 4096

/* An entry of a folder, as the kernel has it. */
struct entry {
	uint64_t number, offset;
	uint16_t size;
	uint8_t kind;
	char name[];
};

static bool
is_open(int fd)
{
	return real.fcntl(fd, F_GETFD, 0) != -1 && !slots_hidden(fd);
}

/* The number that name is; -1: it is none. */
static int
number_of(const char *name)
{
	int n = 0;

	if (*name < '0' || *name > '9')
		return -1;
	for (; *name >= '0' && *name <= '9'; name++)
		n = 10 * n + (*name - '0');
	return n;
}

static int
highest_of(const char *listing, long len, int highest)
{
	for (long at = 0; at < len;) {
		const struct entry *e = (const void *)(listing + at);
		const int fd = number_of(e->name);

		if (fd > highest && !slots_hidden(fd))
			highest = fd;
		at += e->size;
	}
	return highest;
}

/* Of the program's; -1: it cannot be told. */
static int
highest_open(void)
{
	const int folder =
	    (int)raw_call(SYS_openat, AT_FDCWD, (long)"/proc/thread-self/fd",
	        O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
	_Alignas(struct entry) char listing[LISTING];
	int highest = -1;
	long len;

	if (folder == -1)
		return -1;
	while ((len = raw_call(SYS_getdents64, folder, (long)listing, LISTING,
	            0, 0, 0)) > 0)
		highest = highest_of(listing, len, highest);
	(void)real.close(folder); /* it was only read */
	return highest;
}

int
select_top(int n)
{
	const int saved = errno;
	int top;

	if (n <= FD_SETSIZE || slots_core == NULL || is_open(n - 1))
		return n;
	top = highest_open() + 1;
	if (top < FD_SETSIZE)
		top = FD_SETSIZE;
	errno = saved;
	return n < top ? n : top;
}
