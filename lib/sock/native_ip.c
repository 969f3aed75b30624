#include "sock/native_ip.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/log.h"
#include "sock/option_names.h"
#include "sock/option_numbers.h"

/* How many addresses of interfaces are looked through. */
#define ADDRESSES_MAX 64

/* The device keeps an MTU in 16 bits. */
#define MTU_MAX 65535

static struct native *
self(struct zsock *s)
{
	return (struct native *)s;
}

static bool
is_v6(struct zsock *s)
{
	return atomic_load(&self(s)->family) == AF_INET6;
}

static int
put(struct zsock *s, int level, int name, const void *val, socklen_t len)
{
	atomic_store(&self(s)->plain, false);
	return (int)err_from_kernel(
	    kernel->setsockopt(s->kfd, level, name, val, len));
}

/*
 * Linux takes IPv4's options on an IPv6 socket, of which nothing comes; and has
 * another errno for reading IPv6's on an IPv4 socket than for setting them.
 */
static bool
is_of_other_family(struct zsock *s, int level, int name)
{
	return is_v6(s) ? level == IPPROTO_IP && name != IP_LOCAL_PORT_RANGE
	                : level == IPPROTO_IPV6;
}

/*
 * The kernel's option that o means on a socket of this family: 0, or
 * -ENOPROTOOPT if there is none.
 */
static int
kernel_option(struct zsock *s, const struct option *o, int *level, int *name)
{
	static const struct {
		int v4, v6;
	} twins[] = {
		{ IP_TOS, IPV6_TCLASS },
		{ IP_PKTINFO, IPV6_RECVPKTINFO },
		{ IP_RECVTTL, IPV6_RECVHOPLIMIT },
		{ IP_MTU, IPV6_MTU },
	};

	*level = o->level;
	*name = o->name;
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++) {
		if ((o->level == IPPROTO_IP && o->name == twins[i].v4) ||
		    (o->level == IPPROTO_IPV6 && o->name == twins[i].v6)) {
			*level = is_v6(s) ? IPPROTO_IPV6 : IPPROTO_IP;
			*name = is_v6(s) ? twins[i].v6 : twins[i].v4;
			return 0;
		}
	}
	return is_of_other_family(s, *level, *name) ? -ENOPROTOOPT : 0;
}

int
native_put(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int level, name;
	const int rc = kernel_option(s, o, &level, &name);

	return rc < 0 ? rc : put(s, level, name, val, len);
}

int
native_get(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	int level, name;
	const int rc = kernel_option(s, o, &level, &name);

	if (rc < 0)
		return rc;
	return (int)err_from_kernel(
	    kernel->getsockopt(s->kfd, level, name, val, len));
}

int
native_put_bool(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int flag;

	memcpy(&flag, val, sizeof(flag));
	flag = flag != 0;
	return native_put(s, o, &flag, len);
}

int
native_put_hops(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int hops;

	memcpy(&hops, val, sizeof(hops));
	if (hops < 0 || hops > UINT8_MAX) {
		log_line(LOG_WARN, "setsockopt: %s: %d becomes %d, in 8 bits",
		    option_name(o->level, o->name), hops, hops & UINT8_MAX);
		hops &= UINT8_MAX;
	}
	return native_put(s, o, &hops, len);
}

/* Is the socket bound to the interface of this name ("" is to none)? */
static bool
has_device(struct zsock *s, const char *name)
{
	char now[IFNAMSIZ] = "";
	socklen_t len = sizeof(now);

	return kernel->getsockopt(s->kfd, SOL_SOCKET, SO_BINDTODEVICE, now,
	           &len) == 0 &&
	    strncmp(now, name, sizeof(now)) == 0;
}

int
native_set_device(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	char name[IFNAMSIZ] = "";
	int rc;

	if (len > 0 && val == NULL)
		return -EINVAL;
	if (len > 0 && *(const char *)val != '\0') {
		if (len != sizeof(struct ifreq))
			return -EINVAL;
		memcpy(name, val, sizeof(name) - 1);
	}
	/* The kernel wants a privilege only for a change. */
	if (has_device(s, name))
		return 0;
	rc = put(s, o->level, o->name, name, (socklen_t)strlen(name));
	if (rc != -EPERM)
		return rc;
	log_line(LOG_WARN,
	    "setsockopt: SO_BINDTODEVICE: the kernel wants CAP_NET_RAW for "
	    "another interface: ENOPROTOOPT");
	return -ENOPROTOOPT;
}

static bool
has_interface(int kfd, int index)
{
	struct ifreq r = { .ifr_ifindex = index };

	return index > 0 && kernel->ioctl(kfd, SIOCGIFNAME, &r) == 0;
}

/* Its index, or 0. */
static int
index_of(int kfd, const char *name)
{
	struct ifreq r = { 0 };

	memcpy(r.ifr_name, name, strnlen(name, sizeof(r.ifr_name) - 1));
	return kernel->ioctl(kfd, SIOCGIFINDEX, &r) == 0 ? r.ifr_ifindex : 0;
}

/* The interfaces that have an IPv4 address; how many. */
static size_t
list_interfaces(int kfd, struct ifreq *list)
{
	struct ifconf conf = { .ifc_len =
		                   (int)(ADDRESSES_MAX * sizeof(*list)) };

	conf.ifc_req = list;
	if (kernel->ioctl(kfd, SIOCGIFCONF, &conf) == -1)
		return 0;
	return (size_t)conf.ifc_len / sizeof(*list);
}

/* The interface with this address, or 0. */
static int
find_address(int kfd, struct in_addr addr)
{
	struct ifreq list[ADDRESSES_MAX];
	const size_t n = list_interfaces(kfd, list);

	for (size_t i = 0; i < n; i++) {
		struct sockaddr_in in;

		memcpy(&in, &list[i].ifr_addr, sizeof(in));
		if (in.sin_addr.s_addr == addr.s_addr)
			return index_of(kfd, list[i].ifr_name);
	}
	return 0;
}

/* The first that is up and no loopback, or the loopback, or 0. */
static int
default_interface(int kfd)
{
	struct ifreq list[ADDRESSES_MAX], r;
	const size_t n = list_interfaces(kfd, list);

	for (size_t i = 0; i < n; i++) {
		r = list[i];
		if (kernel->ioctl(kfd, SIOCGIFFLAGS, &r) == 0 &&
		    (r.ifr_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP)
			return index_of(kfd, list[i].ifr_name);
	}
	return index_of(kfd, "lo");
}

static int
interface_mtu(int kfd, int index)
{
	struct ifreq r = { .ifr_ifindex = index };

	if (kernel->ioctl(kfd, SIOCGIFNAME, &r) == -1 ||
	    kernel->ioctl(kfd, SIOCGIFMTU, &r) == -1)
		return -errno;
	return r.ifr_mtu;
}

int
native_get_mtu(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	char device[IFNAMSIZ] = "";
	socklen_t device_len = sizeof(device), mtu_len = sizeof(int);
	int mtu = 0, index = 0, rc;

	rc = native_get(s, o, &mtu, &mtu_len);
	if (rc == -ENOTCONN) {
		if (kernel->getsockopt(s->kfd, SOL_SOCKET, SO_BINDTODEVICE,
		        device, &device_len) == 0 &&
		    device[0] != '\0')
			index = index_of(s->kfd, device);
		if (index == 0)
			index = default_interface(s->kfd);
		mtu = interface_mtu(s->kfd, index);
		rc = mtu < 0 ? mtu : 0;
	}
	if (rc < 0)
		return rc;
	if (mtu > MTU_MAX)
		mtu = MTU_MAX;
	memcpy(val, &mtu, sizeof(mtu));
	*len = sizeof(mtu);
	return 0;
}

/* IPv4 has a choice of ways to find the path's MTU out instead. */
int
native_set_dontfrag(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int on;

	(void)o;
	memcpy(&on, val, sizeof(on));
	if (is_v6(s)) {
		on = on != 0;
		return put(s, IPPROTO_IPV6, IPV6_DONTFRAG, &on, len);
	}
	on = on != 0 ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
	return put(s, IPPROTO_IP, IP_MTU_DISCOVER, &on, len);
}

int
native_get_dontfrag(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	const bool v6 = is_v6(s);
	int on = 0;
	socklen_t on_len = sizeof(on);

	(void)o;
	if (kernel->getsockopt(s->kfd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
	        v6 ? IPV6_DONTFRAG : IP_MTU_DISCOVER, &on, &on_len) == -1)
		return -errno;
	if (!v6)
		on = on == IP_PMTUDISC_DO;
	memcpy(val, &on, sizeof(on));
	*len = sizeof(on);
	return 0;
}

/*
 * An unknown index means no interface in particular, an unknown address is an
 * error.  The kernel gets the first address of the interface as well, for that
 * is what the program reads back.
 */
int
native_set_multicast_if(struct zsock *s, const struct option *o,
    const void *val, socklen_t len)
{
	struct ip_mreqn m = { 0 };
	struct ifreq r = { 0 };
	struct sockaddr_in in;

	if (is_v6(s))
		return -EAFNOSUPPORT;
	if (len != sizeof(struct ip_mreq) && len != sizeof(m))
		return -EINVAL;
	/* The shorter structure is the beginning of the longer one. */
	memcpy(&m, val, len);
	m.imr_multiaddr.s_addr = htonl(INADDR_ANY);
	if (m.imr_ifindex == 0 && m.imr_address.s_addr != htonl(INADDR_ANY)) {
		m.imr_ifindex = find_address(s->kfd, m.imr_address);
		if (m.imr_ifindex == 0)
			return -ENOENT;
	}
	m.imr_address.s_addr = htonl(INADDR_ANY);
	r.ifr_ifindex = m.imr_ifindex;
	if (!has_interface(s->kfd, m.imr_ifindex)) {
		m.imr_ifindex = 0;
	} else if (kernel->ioctl(s->kfd, SIOCGIFNAME, &r) == 0 &&
	    kernel->ioctl(s->kfd, SIOCGIFADDR, &r) == 0) {
		memcpy(&in, &r.ifr_addr, sizeof(in));
		m.imr_address = in.sin_addr;
	}
	return put(s, o->level, o->name, &m, sizeof(m));
}

int
native_get_multicast_if(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	return is_v6(s) ? -EAFNOSUPPORT : native_get(s, o, val, len);
}

int
native_set_multicast_if6(struct zsock *s, const struct option *o,
    const void *val, socklen_t len)
{
	int index, rc;

	if (!is_v6(s))
		return -EAFNOSUPPORT;
	memcpy(&index, val, sizeof(index));
	if (index < 0)
		return -EINVAL;
	rc = native_put(s, o, val, len);
	return rc == -ENODEV ? -ENOENT : rc;
}

int
native_get_multicast_if6(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	return is_v6(s) ? native_get(s, o, val, len) : -EAFNOSUPPORT;
}

/* The device counts how often an interface joins, the kernel does not. */
static int
group_result(int rc, bool join)
{
	if (rc == -EADDRINUSE && join)
		return 0;
	return rc == -EADDRNOTAVAIL && !join ? -ENOENT : rc;
}

int
native_set_group(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct ip_mreqn m;
	int rc;

	if (is_of_other_family(s, o->level, o->name))
		return -ENOPROTOOPT;
	memcpy(&m, val, sizeof(m));
	if (m.imr_multiaddr.s_addr == htonl(INADDR_ANY))
		return -EINVAL;
	if (m.imr_ifindex == 0 && m.imr_address.s_addr != htonl(INADDR_ANY))
		m.imr_ifindex = find_address(s->kfd, m.imr_address);
	if (!has_interface(s->kfd, m.imr_ifindex))
		m.imr_ifindex = 0; /* the kernel's routes choose one */
	m.imr_address.s_addr = htonl(INADDR_ANY);
	rc = put(s, o->level, o->name, &m, len);
	if (rc == -ENODEV && m.imr_ifindex == 0) {
		m.imr_ifindex = default_interface(s->kfd);
		rc = put(s, o->level, o->name, &m, len);
	}
	if (rc == -ENODEV)
		return -EINVAL;
	return group_result(rc, o->name == IP_ADD_MEMBERSHIP);
}

int
native_set_group6(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct ipv6_mreq m;
	int rc;

	memcpy(&m, val, sizeof(m));
	if (IN6_IS_ADDR_UNSPECIFIED(&m.ipv6mr_multiaddr))
		return -EINVAL;
	if (!has_interface(s->kfd, (int)m.ipv6mr_interface))
		m.ipv6mr_interface = 0;
	rc = put(s, o->level, o->name, &m, len);
	if (rc == -ENODEV && m.ipv6mr_interface == 0) {
		m.ipv6mr_interface = (unsigned int)default_interface(s->kfd);
		rc = put(s, o->level, o->name, &m, len);
	}
	if (rc == -ENODEV)
		return -ENOENT;
	return group_result(rc, o->name == IPV6_ADD_MEMBERSHIP);
}
