/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networking: what the family's ip, tcp and udp providers call things, of the kernel's headers and sockets. */
#pragma D depends_on library types.d

inline int AF_UNIX = 1;
inline int AF_INET = 2;
inline int AF_INET6 = 10;
inline int ARPHRD_ETHER = 1;
inline int ARPHRD_INFINIBAND = 32;
inline int IPPROTO_IP = 0;
inline int IPPROTO_ICMP = 1;
inline int IPPROTO_IGMP = 2;
inline int IPPROTO_IPV4 = 4;
inline int IPPROTO_TCP = 6;
inline int IPPROTO_UDP = 17;
inline int IPPROTO_IPV6 = 41;
inline int IPPROTO_ROUTING = 43;
inline int IPPROTO_ESP = 50;
inline int IPPROTO_AH = 51;
inline int IPPROTO_ICMPV6 = 58;
inline int IPPROTO_OSPF = 89;
inline int IPPROTO_SCTP = 132;
inline int IPPROTO_RAW = 255;
#pragma D binding "1.5" IPPROTO_IP
#pragma D binding "1.5" IPPROTO_ICMP
#pragma D binding "1.5" IPPROTO_IGMP
#pragma D binding "1.5" IPPROTO_IPV4
#pragma D binding "1.5" IPPROTO_TCP
#pragma D binding "1.5" IPPROTO_UDP
#pragma D binding "1.5" IPPROTO_IPV6
#pragma D binding "1.5" IPPROTO_ICMPV6
#pragma D binding "1.5" IPPROTO_SCTP
#pragma D binding "1.5" IPPROTO_RAW

inline int TH_FIN = 0x01;
inline int TH_SYN = 0x02;
inline int TH_RST = 0x04;
inline int TH_PUSH = 0x08;
inline int TH_ACK = 0x10;
inline int TH_URG = 0x20;
inline int TH_ECE = 0x40;
inline int TH_CWR = 0x80;
#pragma D binding "1.6.1" TH_FIN
#pragma D binding "1.6.1" TH_SYN
#pragma D binding "1.6.1" TH_RST
#pragma D binding "1.6.1" TH_PUSH
#pragma D binding "1.6.1" TH_ACK
#pragma D binding "1.6.1" TH_URG
#pragma D binding "1.6.1" TH_ECE
#pragma D binding "1.6.1" TH_CWR

inline int TCP_MIN_HEADER_LENGTH = 20;
#pragma D binding "1.6.1" TCP_MIN_HEADER_LENGTH

/* States of a connection, with Linux' numbers. */
inline int TCP_STATE_ESTABLISHED = 1;
inline int TCP_STATE_SYN_SENT = 2;
inline int TCP_STATE_SYN_RECEIVED = 3;
inline int TCP_STATE_FIN_WAIT_1 = 4;
inline int TCP_STATE_FIN_WAIT_2 = 5;
inline int TCP_STATE_TIME_WAIT = 6;
inline int TCP_STATE_CLOSED = 7;
inline int TCP_STATE_CLOSE_WAIT = 8;
inline int TCP_STATE_LAST_ACK = 9;
inline int TCP_STATE_LISTEN = 10;
inline int TCP_STATE_CLOSING = 11;
#pragma D binding "1.6.1" TCP_STATE_ESTABLISHED
#pragma D binding "1.6.1" TCP_STATE_CLOSED
#pragma D binding "1.6.1" TCP_STATE_LISTEN

inline string tcp_state_string[int state] =
	state == TCP_STATE_ESTABLISHED ? "state-established" : state == TCP_STATE_SYN_SENT ? "state-syn-sent" :
	state == TCP_STATE_SYN_RECEIVED ? "state-syn-received" : state == TCP_STATE_FIN_WAIT_1 ? "state-fin-wait-1" :
	state == TCP_STATE_FIN_WAIT_2 ? "state-fin-wait-2" : state == TCP_STATE_TIME_WAIT ? "state-time-wait" :
	state == TCP_STATE_CLOSED ? "state-closed" : state == TCP_STATE_CLOSE_WAIT ? "state-close-wait" :
	state == TCP_STATE_LAST_ACK ? "state-last-ack" : state == TCP_STATE_LISTEN ? "state-listen" :
	state == TCP_STATE_CLOSING ? "state-closing" : "<unknown>";
#pragma D binding "1.6.1" tcp_state_string

/* A packet: a struct sk_buff. */
typedef struct pktinfo {
	uintptr_t pkt_addr;
} pktinfo_t;

#pragma D binding "1.5" translator
translator pktinfo_t < struct sk_buff *S > {
	pkt_addr = (uintptr_t)S;
};

/* A connection: a struct sock. */
typedef struct csinfo {
	uintptr_t cs_addr;
	uint64_t cs_cid;	/* its address again: Linux numbers no connections */
	pid_t cs_pid;		/* not of Linux */
	zoneid_t cs_zoneid;	/* not of Linux */
} csinfo_t;

#pragma D binding "1.6.1" translator
translator csinfo_t < struct sock *S > {
	cs_addr = (uintptr_t)S;
	cs_cid = (uint64_t)(uintptr_t)S;
};

typedef struct ipinfo {
	uint8_t ip_ver;
	uint32_t ip_plength;	/* bytes of payload */
	string ip_saddr;
	string ip_daddr;
} ipinfo_t;

#pragma D binding "1.5" translator
translator ipinfo_t < struct iphdr *I > {
	ip_ver = 4;
	ip_plength = ntohs(I->tot_len) - I->ihl * 4;
	ip_saddr = inet_ntoa(&I->saddr);
	ip_daddr = inet_ntoa(&I->daddr);
};

#pragma D binding "1.5" translator
translator ipinfo_t < struct ipv6hdr *I > {
	ip_ver = 6;
	ip_plength = ntohs(I->payload_len);
	ip_saddr = inet_ntoa6(&I->saddr);
	ip_daddr = inet_ntoa6(&I->daddr);
};

typedef struct ifinfo {
	string if_name;
	int8_t if_local;		/* it is the loopback device */
	netstackid_t if_ipstack;	/* not of Linux */
	uintptr_t if_addr;		/* the struct net_device */
	uint32_t if_flags;		/* IFF_* */
} ifinfo_t;

#pragma D binding "1.5" translator
translator ifinfo_t < struct net_device *N > {
	if_name = N == NULL ? "<null>" : stringof(N->name);
	if_local = N == NULL ? 0 : (N->flags & 0x8) != 0;
	if_addr = (uintptr_t)N;
	if_flags = N == NULL ? 0 : N->flags;
};

typedef struct ipv4info {
	uint8_t ipv4_ver;
	uint8_t ipv4_ihl;	/* bytes of header */
	uint8_t ipv4_tos;
	uint16_t ipv4_length;
	uint16_t ipv4_ident;
	uint8_t ipv4_flags;
	uint16_t ipv4_offset;
	uint8_t ipv4_ttl;
	uint8_t ipv4_protocol;	/* IPPROTO_* */
	string ipv4_protostr;
	uint16_t ipv4_checksum;
	uint32_t ipv4_src;	/* in the network's order */
	uint32_t ipv4_dst;
	string ipv4_saddr;
	string ipv4_daddr;
	uintptr_t ipv4_hdr;	/* the struct iphdr */
} ipv4info_t;

#pragma D binding "1.5" translator
translator ipv4info_t < struct iphdr *I > {
	ipv4_ver = 4;
	ipv4_ihl = I->ihl * 4;
	ipv4_tos = I->tos;
	ipv4_length = ntohs(I->tot_len);
	ipv4_ident = ntohs(I->id);
	ipv4_flags = ntohs(I->frag_off) >> 13;
	ipv4_offset = ntohs(I->frag_off) & 0x1fff;
	ipv4_ttl = I->ttl;
	ipv4_protocol = I->protocol;
	ipv4_protostr = I->protocol == IPPROTO_TCP ? "TCP" : I->protocol == IPPROTO_UDP ? "UDP" :
		I->protocol == IPPROTO_ICMP ? "ICMP" : I->protocol == IPPROTO_SCTP ? "SCTP" :
		I->protocol == IPPROTO_IPV6 ? "IPV6" : lltostr((uint64_t)I->protocol);
	ipv4_checksum = ntohs(I->check);
	ipv4_src = I->saddr;
	ipv4_dst = I->daddr;
	ipv4_saddr = inet_ntoa(&I->saddr);
	ipv4_daddr = inet_ntoa(&I->daddr);
	ipv4_hdr = (uintptr_t)I;
};

typedef struct ipv6info {
	uint8_t ipv6_ver;
	uint8_t ipv6_tclass;
	uint32_t ipv6_flow;
	uint16_t ipv6_plen;
	uint8_t ipv6_nexthdr;	/* IPPROTO_* */
	string ipv6_nextstr;
	uint8_t ipv6_hlim;
	string ipv6_saddr;
	string ipv6_daddr;
	uintptr_t ipv6_hdr;	/* the struct ipv6hdr */
} ipv6info_t;

#pragma D binding "1.5" translator
translator ipv6info_t < struct ipv6hdr *I > {
	ipv6_ver = 6;
	ipv6_tclass = I->priority << 4 | I->flow_lbl[0] >> 4;
	ipv6_flow = (I->flow_lbl[0] & 0xf) << 16 | I->flow_lbl[1] << 8 | I->flow_lbl[2];
	ipv6_plen = ntohs(I->payload_len);
	ipv6_nexthdr = I->nexthdr;
	ipv6_nextstr = I->nexthdr == IPPROTO_TCP ? "TCP" : I->nexthdr == IPPROTO_UDP ? "UDP" :
		I->nexthdr == IPPROTO_ICMPV6 ? "ICMP6" : lltostr((uint64_t)I->nexthdr);
	ipv6_hlim = I->hop_limit;
	ipv6_saddr = inet_ntoa6(&I->saddr);
	ipv6_daddr = inet_ntoa6(&I->daddr);
	ipv6_hdr = (uintptr_t)I;
};

typedef struct tcpinfo {
	uint16_t tcp_sport;
	uint16_t tcp_dport;
	uint32_t tcp_seq;
	uint32_t tcp_ack;
	uint8_t tcp_offset;	/* bytes of header */
	uint8_t tcp_flags;	/* TH_* */
	uint16_t tcp_window;
	uint16_t tcp_checksum;
	uint16_t tcp_urgent;
	uintptr_t tcp_hdr;	/* the struct tcphdr */
} tcpinfo_t;

#pragma D binding "1.6.1" translator
translator tcpinfo_t < struct tcphdr *T > {
	tcp_sport = ntohs(T->source);
	tcp_dport = ntohs(T->dest);
	tcp_seq = ntohl(T->seq);
	tcp_ack = ntohl(T->ack_seq);
	tcp_offset = T->doff * 4;
	tcp_flags = *((uint8_t *)T + 13);
	tcp_window = ntohs(T->window);
	tcp_checksum = ntohs(T->check);
	tcp_urgent = ntohs(T->urg_ptr);
	tcp_hdr = (uintptr_t)T;
};

typedef struct udpinfo {
	uint16_t udp_sport;
	uint16_t udp_dport;
	uint16_t udp_length;
	uint16_t udp_checksum;
	uintptr_t udp_hdr;	/* the struct udphdr */
} udpinfo_t;

#pragma D binding "1.6.1" translator
translator udpinfo_t < struct udphdr *U > {
	udp_sport = ntohs(U->source);
	udp_dport = ntohs(U->dest);
	udp_length = ntohs(U->len);
	udp_checksum = ntohs(U->check);
	udp_hdr = (uintptr_t)U;
};

/* The state of a connection. */
typedef struct tcpsinfo {
	uintptr_t tcps_addr;	/* the struct sock */
	int tcps_local;		/* not of Linux */
	int tcps_active;	/* not of Linux */
	uint16_t tcps_lport;
	uint16_t tcps_rport;
	string tcps_laddr;
	string tcps_raddr;
	int32_t tcps_state;	/* TCP_STATE_* */
} tcpsinfo_t;

#pragma D binding "1.6.1" translator
translator tcpsinfo_t < struct sock *S > {
	tcps_addr = (uintptr_t)S;
	tcps_lport = S->__sk_common.skc_num;
	tcps_rport = ntohs(S->__sk_common.skc_dport);
	tcps_laddr = S->__sk_common.skc_family == AF_INET6 ? inet_ntoa6(&S->__sk_common.skc_v6_rcv_saddr) :
		inet_ntoa(&S->__sk_common.skc_rcv_saddr);
	tcps_raddr = S->__sk_common.skc_family == AF_INET6 ? inet_ntoa6(&S->__sk_common.skc_v6_daddr) :
		inet_ntoa(&S->__sk_common.skc_daddr);
	tcps_state = S->__sk_common.skc_state;
};
