/* P44: a plugin whose calls are bound to libc itself, by RTLD_DEEPBIND. */
#include "plug.h"

#include <unistd.h>

ssize_t
plug_write(int fd, const void *buf, size_t n)
{
	return write(fd, buf, n);
}
