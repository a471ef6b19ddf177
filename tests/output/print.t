# SPDX-License-Identifier: GPL-2.0-or-later
# print(): values with their types; memory as bytes.
traced p -qn 'enum colour { RED, GREEN = 7 };
typedef struct point { int x, y; } point_t;
struct all { int i; char c; unsigned int f : 3; enum colour e; char s[4]; int a[2]; point_t p; union { short lo; int u; };
	void *ptr; point_t pa[2]; };
BEGIN {
	this->v = (struct all *)alloca(sizeof(struct all));
	this->v->i = -1; this->v->c = (char)120; this->v->e = GREEN; this->v->s[0] = (char)97;
	this->v->a[1] = 255; this->v->p.y = 3; this->v->u = 65537; this->v->pa[1].x = 1;
	print(*this->v); printf("\n");
	print(this->v->i); print("foo"); print(this->v->p); printf("\n");
	tracemem(this->v, 5); tracemem(this->v, 5, 2); printm(2, this->v);
	exit(0);
}' || fail "$(cat p.err)"
quiet p
same print "$(cat p.out)" 'struct all {
    int i = 0xffffffff
    char c = '"'x'"'
    unsigned int f :3 = 0
    enum colour e = GREEN
    char [4] s = [ "a" ]
    int [2] a = [ 0, 0xff ]
    point_t p = {
        int x = 0
        int y = 0x3
    }
    union  {
        short lo = 0x1
        int u = 0x10001
    }
    void *ptr = 0
    point_t [2] pa = [ 
        point_t {
            int x = 0
            int y = 0
        }, 
        point_t {
            int x = 0x1
            int y = 0
        }
    ]
}
int 0xffffffff
string "foo"
point_t {
    int x = 0
    int y = 0x3
}

             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef
         0: ff ff ff ff 78                                   ....x

             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef
         0: ff ff                                            ..

             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef
         0: ff ff                                            ..'
