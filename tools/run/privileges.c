#include "privileges.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Of a file or a process: the first 32 capabilities, and the others. */
struct sets {
	uint32_t permitted[2], inheritable[2];
	bool effective; /* what is permitted is in effect at once */
};

static bool
file_sets(int fd, struct sets *out)
{
	struct vfs_ns_cap_data data;
	const ssize_t n =
	    fgetxattr(fd, "security.capability", &data, sizeof(data));
	const size_t words = n == XATTR_CAPS_SZ_1 ? 1 : 2;
	uint32_t magic;

	if (n < (ssize_t)XATTR_CAPS_SZ_1)
		return false;
	memset(out, 0, sizeof(*out));
	magic = le32toh(data.magic_etc);
	out->effective = (magic & VFS_CAP_FLAGS_EFFECTIVE) != 0;
	for (size_t i = 0; i < words; i++) {
		out->permitted[i] = le32toh(data.data[i].permitted);
		out->inheritable[i] = le32toh(data.data[i].inheritable);
	}
	return true;
}

/* What this process could hand on; nothing, if the kernel does not say. */
static void
own_sets(struct sets *out)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &head, data) != 0)
		memset(data, 0, sizeof(data));
	for (size_t i = 0; i < 2; i++) {
		out->permitted[i] = data[i].permitted;
		out->inheritable[i] = data[i].inheritable;
	}
}

static bool
is_bounded(unsigned cap)
{
	return prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 1;
}

/* Does the file give a user other than root any capability? */
static bool
grants(const struct sets *file, const struct sets *own)
{
	for (unsigned cap = 0; cap < 64; cap++) {
		const uint32_t bit = UINT32_C(1) << (cap % 32);
		const size_t word = cap / 32;

		if ((file->inheritable[word] & own->inheritable[word] & bit) !=
		    0)
			return true;
		if ((file->permitted[word] & bit) != 0 && !is_bounded(cap))
			return true;
	}
	return false;
}

static bool
has_capabilities(int fd)
{
	struct sets file, own;

	if (!file_sets(fd, &file))
		return false;
	own_sets(&own);
	return file.effective || grants(&file, &own);
}

/*
 * The kernel compares what the ids in effect will be with the real ones.  A
 * mount may say that set-user-ID means nothing there, and so may a process of
 * itself and its children; but that has no say about capabilities.
 */
const char *
privileges_why(int fd)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct statvfs fs;
	struct stat st;
	bool suid;

	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return "cannot be looked at";
	if (uid != getuid() || gid != getgid())
		return "would run with ids in effect that are not the real "
		       "ones; run zsock-run as the user it is for";
	suid = (fs.f_flag & ST_NOSUID) == 0;
	if (suid && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
		if ((st.st_mode & S_ISUID) != 0)
			uid = st.st_uid;
		if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
			gid = st.st_gid;
	}
	if (uid != getuid())
		return "is set-user-ID, so its loader preloads nothing; run "
		       "it as its owner, or a copy without that bit";
	if (gid != getgid())
		return "is set-group-ID, so its loader preloads nothing; run "
		       "a copy without that bit";
	if (suid && getuid() != 0 && has_capabilities(fd))
		return "has file capabilities, so its loader preloads nothing; "
		       "run it as root, or a copy without them";
	return NULL;
}
