/* The probes of tests/usdt/app.c and appcc.cc. */
typedef unsigned int app_id_t;
struct app_thing;

provider app {
	probe begin();
	probe query__start(app_id_t id, string text);
	probe query__done(app_id_t id, int rc, struct app_thing *thing);
	probe kinds(char, unsigned char, short, unsigned short, int, unsigned int, long, unsigned long, void *, bool);
	probe twelve(int, int, int, int, int, int, int, int, int, int, int, int);
	probe constants(int, unsigned char, long);
	probe bits(double, float);
	probe site(int line);
	probe asked(int);
};
#pragma D attributes Evolving/Evolving/Common provider app provider
#pragma D attributes Evolving/Evolving/Common provider app args
