/* SPDX-License-Identifier: ISC */
/* Network interfaces and bridges of dom0: looked at in sysfs, changed by rtnetlink. */
#include "bridge.h"

#include <dirent.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NET_FOLDER  "/sys/class/net"
#define ANSWER_SIZE 4096 /* bytes: an acknowledgement with the request in it */

_Static_assert(VIF_NAME_SIZE == IFNAMSIZ, "a vif_spec has room for any interface's name");

static bool has_file(const char *interface, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), NET_FOLDER "/%s/%s", interface, file);
	return !access(path, F_OK);
}

bool bridge_exists(const char *name)
{
	return has_file(name, "bridge");
}

bool bridge_interface_exists(const char *name)
{
	return has_file(name, "");
}

int bridge_first(char name[VIF_NAME_SIZE])
{
	DIR *folder = opendir(NET_FOLDER);
	struct dirent *entry;
	bool found = false;

	while (folder && (entry = readdir(folder))) {
		if (strlen(entry->d_name) >= VIF_NAME_SIZE || !bridge_exists(entry->d_name) ||
		    (found && strcmp(entry->d_name, name) > 0))
			continue;
		strcpy(name, entry->d_name);
		found = true;
	}
	if (folder)
		closedir(folder);
	return found ? 0 : -ENOENT;
}

uint32_t bridge_mtu(const char *name)
{
	char path[128];
	unsigned int mtu = 0;
	FILE *file;

	snprintf(path, sizeof(path), NET_FOLDER "/%s/mtu", name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%u", &mtu) != 1)
		mtu = 0;
	fclose(file);
	return mtu;
}

/* --- rtnetlink --- */

/* Sends one request and waits for the kernel's answer to it. 0 or a negative errno. */
static int ask_kernel(struct mnl_socket *socket, struct nlmsghdr *request)
{
	char answer[ANSWER_SIZE];
	ssize_t size;

	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = 1;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		size = mnl_socket_recvfrom(socket, answer, sizeof(answer));
	} while (size < 0 && errno == EINTR);
	if (size < 0 || mnl_cb_run(answer, (size_t)size, request->nlmsg_seq,
				   mnl_socket_get_portid(socket), NULL, NULL) < 0)
		return -errno;
	return 0;
}

static int send_request(struct nlmsghdr *request)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int err;

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		err = -errno;
	else
		err = ask_kernel(socket, request);
	mnl_socket_close(socket);
	return err;
}

/* Its new name, size, bridge and state in one message: the kernel does them in a fitting order. */
static struct nlmsghdr *make_request(char *buffer, int interface, int bridge, const char *new_name,
				     uint32_t mtu)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));

	request->nlmsg_type = RTM_NEWLINK;
	info->ifi_index = interface;
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	if (*new_name)
		mnl_attr_put_strz(request, IFLA_IFNAME, new_name);
	mnl_attr_put_u32(request, IFLA_MTU, mtu);
	mnl_attr_put_u32(request, IFLA_MASTER, (uint32_t)bridge);
	return request;
}

int bridge_add_port(const char *bridge, const char *interface, const char *new_name, uint32_t mtu,
		    struct report *report)
{
	char buffer[512];
	int index = (int)if_nametoindex(interface), master = (int)if_nametoindex(bridge), err;

	if (!index || !master)
		return report_set(report, -ENODEV, "the network interface '%s' is gone",
				  index ? bridge : interface);
	err = send_request(make_request(buffer, index, master, new_name, mtu));
	if (err == -EEXIST)
		return report_set(report, err,
				  "there is a network interface '%s' already: choose another "
				  "'vifname'",
				  new_name);
	if (err)
		return report_set(report, err, "cannot add %s to the bridge '%s' with MTU %u: %s",
				  interface, bridge, mtu, strerror(-err));
	return 0;
}
