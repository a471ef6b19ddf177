/* The probes of tests/usdt/appcc.cc. */
provider appcc {
	probe tmpl(int size);
	probe method(void *thing, char *name, long n);
	probe lambda(int n);
};
