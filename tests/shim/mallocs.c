/*
 * P21: an allocator that calls what a preload library may have wrapped, as
 * some do to read their settings.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

static void
look(void)
{
	const int saved = errno;
	const int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char c;

	if (fd >= 0) {
		if (read(fd, &c, 1) != 1 || recv(fd, &c, 1, 0) != -1)
			abort();
		close(fd);
	}
	errno = saved;
}

void *
malloc(size_t n)
{
	look();
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	look();
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	look();
	return __libc_realloc(p, n);
}

void
free(void *p)
{
	look();
	__libc_free(p);
}
