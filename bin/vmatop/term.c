// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one file that knows curses.
 *
 * A crash must not leave the terminal in raw mode, and curses may not be called from a signal
 * handler: what gives the terminal back is put together when it is taken, and then only written.
 */
#include "term.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "base/check.h"
#include "base/escape.h"

static struct {
	bool open, ascii, mouse;
	attr_t attr[ST_NR];
	short pair[ST_NR];
	struct termios saved;
	char restore[512];
	size_t restore_len;
} term;

/* ---------------------------------------------------------------- taking and giving back */

static void add_restore(const char *s)
{
	size_t n = s && s != (char *)-1 ? strlen(s) : 0;

	if (n && term.restore_len + n <= sizeof(term.restore)) {
		memcpy(term.restore + term.restore_len, s, n);
		term.restore_len += n;
	}
}

/* Signal-safe: only writes and tcsetattr. */
static void give_back_raw(void)
{
	if (write(STDOUT_FILENO, term.restore, term.restore_len) < 0)
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
}

static void on_crash(int sig)
{
	if (term.open)
		give_back_raw();
	/* SA_RESETHAND: this time it ends the program, with a core if there is to be one */
	raise(sig);
}

static void catch_crashes(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	static char stack[64 << 10];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_handler = on_crash,
				.sa_flags = (int)SA_RESETHAND | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
}

static void prepare_restore(void)
{
	if (term.mouse)
		add_restore("\033[?1000l\033[?1006l");
	add_restore(tigetstr("sgr0"));
	add_restore(tigetstr("cnorm"));
	add_restore(tigetstr("rmkx"));
	add_restore(tigetstr("rmcup"));
}

/* What terminals send although their entry, or a wrong TERM, says otherwise. */
static const struct {
	const char *sequence;
	int key;
} sequences[] = {
	{ "\033[A", KEY_UP },	 { "\033[B", KEY_DOWN },  { "\033[C", KEY_RIGHT },
	{ "\033[D", KEY_LEFT },  { "\033OA", KEY_UP },	   { "\033OB", KEY_DOWN },
	{ "\033OC", KEY_RIGHT }, { "\033OD", KEY_LEFT },  { "\033[H", KEY_HOME },
	{ "\033[F", KEY_END },	 { "\033OH", KEY_HOME },  { "\033OF", KEY_END },
	{ "\033[1~", KEY_HOME }, { "\033[4~", KEY_END },  { "\033[7~", KEY_HOME },
	{ "\033[8~", KEY_END },	 { "\033[5~", KEY_PPAGE }, { "\033[6~", KEY_NPAGE },
	{ "\033[Z", KEY_BTAB },
};

bool term_open(const struct term_options *opt)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &term.saved)) {
		fputs("vmatop: needs a terminal (vmactl inspect writes to files and pipes)\n", stderr);
		return false;
	}
	term.ascii = opt->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	term.mouse = opt->mouse;
	if (!newterm(NULL, stdout, stdin)) {
		fprintf(stderr, "vmatop: the terminal type '%s' is not known (set TERM)\n",
			getenv("TERM") ? getenv("TERM") : "");
		return false;
	}
	prepare_restore();
	term.open = true;
	catch_crashes();
	atexit(term_close);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++)
		define_key(sequences[i].sequence, sequences[i].key);
	curs_set(0);
	if (term.mouse)
		mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
			  BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	term_theme(opt->theme);
	return true;
}

void term_close(void)
{
	if (!term.open)
		return;
	term.open = false;
	endwin();
	tcsetattr(STDIN_FILENO, TCSANOW, &term.saved);
}

void term_theme(const struct theme *theme)
{
	for (int i = 0; i < ST_NR; i++) {
		const struct look *l = &theme->look[i];

		term.pair[i] = 0;
		term.attr[i] = (l->attr & A_BOLD_ ? A_BOLD : 0) |
			       (l->attr & A_REVERSE_ ? A_REVERSE : 0) |
			       (l->attr & A_UNDERLINE_ ? A_UNDERLINE : 0) |
			       (l->attr & A_DIM_ ? A_DIM : 0);
		if (!has_colors() || (l->fg == COLOR_NONE && l->bg == COLOR_NONE)) {
			if (!has_colors() && l->bg != COLOR_NONE)
				term.attr[i] |= A_REVERSE;
			continue;
		}
		if (init_pair((short)(i + 1), l->fg, l->bg) == OK)
			term.pair[i] = (short)(i + 1);
	}
}

bool term_is_ascii(void)
{
	return term.ascii;
}

struct area term_area(void)
{
	return (struct area){ 0, 0, LINES, COLS };
}

void term_fit(void)
{
	struct winsize ws;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_row && ws.ws_col)
		resizeterm(ws.ws_row, ws.ws_col);
}

/* ---------------------------------------------------------------- drawing */

void term_erase(void)
{
	erase();
}

void term_redraw(void)
{
	clearok(stdscr, TRUE);
}

void term_flush(void)
{
	refresh();
}

/* The wide characters of harmless UTF-8 that fit; returns the cells they take. */
static int widen(const char *text, int width, wchar_t *out, size_t *len)
{
	mbstate_t state = { 0 };
	int used = 0;

	*len = 0;
	while (*text && used < width) {
		wchar_t c;
		size_t n = vma_utf8_char(text, strnlen(text, 4));
		int w;

		if (!n)
			n = 1;
		if (term.ascii && (unsigned char)*text >= 0x80)
			c = L'?';
		else if (mbrtowc(&c, text, n, &state) > n)
			c = L'?';
		w = wcwidth(c);
		if (w < 0) {
			c = L'?';
			w = 1;
		}
		if (used + w > width)
			break;
		out[(*len)++] = c;
		used += w;
		text += n;
	}
	return used;
}

#define PUT_BYTES 4096
/* A path of 4 KiB, all of it escaped. */
#define LONG_BYTES 17000

int term_put(int y, int x, int width, enum style style, const char *text)
{
	char safe[PUT_BYTES];
	wchar_t wide[PUT_BYTES];
	size_t len;

	if (y < 0 || y >= LINES || x < 0 || x >= COLS || width <= 0)
		return 0;
	if (width > COLS - x)
		width = COLS - x;
	vma_escape_terminal(text, safe, sizeof(safe));
	int used = widen(safe, width, wide, &len);
	attr_set(term.attr[style], term.pair[style], NULL);
	mvaddnwstr(y, x, wide, (int)len);
	return used;
}

int term_put_from(int y, int x, int width, enum style style, const char *text, int skip)
{
	char safe[LONG_BYTES];
	wchar_t wide[LONG_BYTES];
	size_t len, from = 0;

	vma_escape_terminal(text, safe, sizeof(safe));
	widen(safe, skip + width, wide, &len);
	for (int cells = 0; from < len && cells < skip; from++)
		cells += wcwidth(wide[from]);
	if (y < 0 || y >= LINES || x < 0 || x >= COLS || width <= 0)
		return 0;
	attr_set(term.attr[style], term.pair[style], NULL);
	mvaddnwstr(y, x, wide + from, (int)(len - from));
	return wcswidth(wide + from, len - from);
}

int term_width(const char *text)
{
	char safe[LONG_BYTES];
	wchar_t wide[LONG_BYTES];
	size_t len;

	vma_escape_terminal(text, safe, sizeof(safe));
	return widen(safe, LONG_BYTES, wide, &len);
}

int term_putf(int y, int x, int width, enum style style, const char *fmt, ...)
{
	char text[PUT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return term_put(y, x, width, style, text);
}

void term_right(int y, int x, int width, enum style style, const char *text)
{
	char safe[PUT_BYTES];
	wchar_t wide[PUT_BYTES];
	size_t len;

	vma_escape_terminal(text, safe, sizeof(safe));
	int used = widen(safe, width, wide, &len);
	term_put(y, x + width - used, used, style, safe);
}

void term_fill(int y, int x, int width, enum style style, char c)
{
	if (y < 0 || y >= LINES || x < 0 || x >= COLS || width <= 0)
		return;
	attr_set(term.attr[style], term.pair[style], NULL);
	mvhline(y, x, (chtype)(unsigned char)c | term.attr[style] | COLOR_PAIR(term.pair[style]),
		width > COLS - x ? COLS - x : width);
}

void term_cursor(int y, int x)
{
	curs_set(y >= 0);
	if (y >= 0)
		move(y, x);
}

/* ---------------------------------------------------------------- keys */

static const struct {
	int curses, ours;
} keys[] = {
	{ KEY_UP, TK_UP }, { KEY_DOWN, TK_DOWN }, { KEY_LEFT, TK_LEFT }, { KEY_RIGHT, TK_RIGHT },
	{ KEY_PPAGE, TK_PGUP }, { KEY_NPAGE, TK_PGDN }, { KEY_HOME, TK_HOME }, { KEY_END, TK_END },
	{ KEY_BACKSPACE, TK_BACKSPACE }, { KEY_DC, TK_DELETE }, { KEY_BTAB, TK_BACKTAB },
	{ KEY_ENTER, TK_ENTER }, { KEY_RESIZE, TK_RESIZE }, { KEY_SR, TK_UP }, { KEY_SF, TK_DOWN },
};

static bool read_mouse(struct term_event *ev)
{
	MEVENT m;

	if (getmouse(&m) != OK)
		return false;
	ev->key = TK_MOUSE;
	ev->y = m.y;
	ev->x = m.x;
	ev->mouse = m.bstate & BUTTON4_PRESSED ? MOUSE_UP
		    : m.bstate & BUTTON5_PRESSED ? MOUSE_DOWN
		    : m.bstate & BUTTON1_DOUBLE_CLICKED ? MOUSE_DOUBLE : MOUSE_PRESS;
	return true;
}

static int translate(int key)
{
	if (key >= KEY_F(1) && key <= KEY_F(24))
		return TK_F1 + (key - KEY_F(1));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].curses == key)
			return keys[i].ours;
	return KEY_NONE_;
}

bool term_read(struct term_event *ev)
{
	wint_t c;
	int rc = get_wch(&c);

	*ev = (struct term_event){ .key = KEY_NONE_ };
	if (rc == ERR)
		return false;
	if (rc == KEY_CODE_YES && c == KEY_MOUSE)
		return read_mouse(ev) || true;
	if (rc == KEY_CODE_YES)
		ev->key = translate((int)c);
	else if (c == '\r')
		ev->key = TK_ENTER;
	else if (c == 8 || c == 127)
		ev->key = TK_BACKSPACE;
	else
		ev->key = (int)c;
	return true;
}
