/* SPDX-License-Identifier: MIT */
#include "reports/html.h"
#include "verifier/util/buf.h"

/* Ink on paper: one text face, one face for headings, one for what a machine wrote; colour only where it means
 * something. Every pair of text and ground has a contrast of 4.5:1 or more in both schemes (the test computes
 * it from this file), drawn things 3:1. Strings in a table because a C compiler need not take one long one. */
static const char *const style[] = {
	":root{color-scheme:light "
	"dark;--paper:#fcfbf8;--card:#ffffff;--ink:#1d2025;--soft:#575d66;--line:#d9d5cb;",
	"--hair:#e9e6de;--good:#1b673b;--bad:#a3201c;--open:#855000;--calm:#3b5590;--mark:#fbe3a1;--markink:#"
	"3a2a00;",
	"--good-bg:#eef5ef;--bad-bg:#fbefed;--open-bg:#fbf3e4;--calm-bg:#eff2f9;",
	"--serif:Charter,'Bitstream Charter','Iowan Old Style','Palatino Linotype',Georgia,'Liberation "
	"Serif',serif;",
	"--sans:'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;",
	"--mono:ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,'Liberation Mono',monospace}\n",
	"@media screen and (prefers-color-scheme:dark){:root{--paper:#15171b;--card:#1b1e23;--ink:#e9e6df;",
	"--soft:#a9aeb6;--line:#3a3f47;--hair:#2a2e35;--good:#7fcf9c;--bad:#ff9b91;--open:#efb862;--calm:#"
	"a3baf0;",
	"--mark:#5b4510;--markink:#ffeec2;--good-bg:#18261e;--bad-bg:#2e1c1b;--open-bg:#2b2317;--calm-bg:#"
	"1c2231}}\n",
	"*{box-sizing:border-box}\n",
	"html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n",
	"body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 var(--sans)}\n",
	".page{max-width:64rem;margin:0 auto;padding:2.2rem 2rem 4rem}\n",
	"a{color:var(--calm);text-underline-offset:.15em}\n",
	":focus-visible{outline:2px solid var(--calm);outline-offset:3px}\n",
	".skip{position:absolute;left:-99rem}.skip:focus{position:static}\n",
	".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:"
	"nowrap}\n",
	"svg{vertical-align:-.2em;flex:none}\n",
	".good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}.calm{color:var(--calm)}\n",
	".none{color:var(--soft)}\n",
	/* masthead */
	".mast{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;flex-wrap:wrap;",
	"padding-bottom:.7rem;border-bottom:2px solid var(--ink);font-size:.875rem}\n",
	".mast p{margin:0}.mast b{font:600 1.15rem var(--serif);letter-spacing:.01em}.mast "
	"span{color:var(--soft)}\n",
	/* verdict */
	".verdict{margin:1.8rem 0 1.6rem;padding:1.4rem 1.6rem 1.3rem;border-left:6px solid currentColor;",
	"background:var(--card)}\n",
	".verdict.good{background:var(--good-bg)}.verdict.bad{background:var(--bad-bg)}",
	".verdict.open{background:var(--open-bg)}\n",
	".stamp{display:flex;align-items:center;gap:.6rem;margin:0 0 .5rem}\n",
	".stamp strong{font-size:.95rem;letter-spacing:.09em;text-transform:uppercase}\n",
	"h1{margin:0;color:var(--ink);font:600 1.95rem/1.22 "
	"var(--serif);letter-spacing:-.005em;text-wrap:balance;",
	"overflow-wrap:anywhere}\n",
	".remarks{margin:.7rem 0 0;padding:0;list-style:none;color:var(--ink);max-width:48rem}\n",
	".remarks:empty{display:none}\n",
	/* key facts */
	".keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:1rem "
	"1.8rem;margin:0 0 1.4rem}\n",
	".keys div{min-width:0}dt{font-size:.78rem;color:var(--soft);letter-spacing:.02em}\n",
	".keys dd{margin:.05rem 0 0;font-weight:600;overflow-wrap:anywhere}\n",
	".tallies{display:flex;flex-wrap:wrap;gap:.45rem 1.8rem;margin:0;padding:.75rem 0;list-style:none;",
	"border:solid var(--line);border-width:1px 0;font-variant-numeric:tabular-nums}\n",
	".tallies b{font-size:1.08rem}\n",
	".halves{display:grid;grid-template-columns:1fr 1fr;gap:0 3rem}\n",
	"h2{margin:2.6rem 0 .6rem;font:600 1.35rem/1.25 var(--serif)}.halves "
	"h2{margin-top:1.8rem;font-size:1.2rem}\n",
	"h2 .n{margin-left:.35rem;font:500 .95rem var(--sans);color:var(--soft)}\n",
	".list{margin:0;padding:0;list-style:none}.list li{display:flex;gap:.6rem;padding:.32rem "
	"0;font-size:.94rem;",
	"line-height:1.45}\n",
	".list svg{margin-top:.14rem}.list span{color:var(--ink);min-width:0;overflow-wrap:anywhere}",
	".list small{color:var(--soft);font-size:.85em;white-space:nowrap}\n",
	/* contents */
	".contents{margin:2rem 0 0;padding:.7rem 0;border:solid var(--line);border-width:1px "
	"0;font-size:.9rem}\n",
	".contents ul{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:0;padding:0;list-style:none}\n",
	".intro{margin:-.2rem 0 1rem;color:var(--soft);max-width:46rem}.note{margin:.5rem 0 "
	"0;color:var(--soft);",
	"font-size:.9rem}\n",
	/* cards */
	".card{margin:0 0 1.1rem;padding:1rem 1.3rem 1.15rem;background:var(--card);border:1px solid "
	"var(--line);",
	"border-left:4px solid currentColor}\n",
	".card>*{color:var(--ink)}.card "
	".tag{display:flex;align-items:center;gap:.45rem;margin:0;font-size:.88rem}\n",
	".card.good .tag{color:var(--good)}.card.bad .tag{color:var(--bad)}.card.open "
	".tag{color:var(--open)}",
	".card.calm .tag{color:var(--calm)}\n",
	".tag b{text-transform:uppercase;letter-spacing:.07em;font-size:.82rem}",
	".check{color:var(--soft);font-family:var(--mono);font-size:.86rem}\n",
	"h3{margin:.3rem 0 0;font:600 1.12rem/1.35 "
	"var(--sans);overflow-wrap:anywhere}h3.object{font-family:var(--mono);",
	"font-size:1.05rem}\n",
	".message{margin:.35rem 0 0;white-space:pre-line;overflow-wrap:anywhere}.card "
	".note{color:var(--soft)}\n",
	".versus{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin:.8rem 0 0}.versus "
	"div{min-width:0}\n",
	".versus dd{margin:.2rem 0 0}pre{margin:0;padding:.55rem .75rem;background:var(--paper);border:1px "
	"solid ",
	"var(--hair);font:.86rem/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere}\n",
	"mark{background:var(--mark);color:var(--markink);padding:.05em .1em;font-weight:600}\n",
	/* tables */
	"table{width:100%;border-collapse:collapse;font-size:.9rem}caption{text-align:left;color:var(--soft)"
	";",
	"font-size:.86rem;padding:0 0 .4rem}\n",
	"th,td{padding:.42rem .9rem .42rem 0;text-align:left;vertical-align:top;border-bottom:1px solid "
	"var(--hair);",
	"overflow-wrap:anywhere}\n",
	"thead th{font-weight:600;font-size:.8rem;color:var(--soft);border-bottom:1px solid var(--line);",
	"overflow-wrap:normal}tbody th{font-weight:400}\n",
	".n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}td.n.bad,td.n.open,td."
	"n.calm{",
	"font-weight:700}th.n:last-child,td.n:last-child{padding-right:0}.zero{color:var(--soft)}\n",
	"code{font:.84rem var(--mono);color:var(--soft)}.wide{overflow-x:auto}\n",
	".wide th code{margin-left:.35rem;white-space:nowrap}\n",
	".rows{margin-top:.9rem}.rows td:first-child{font-weight:600;width:6.5rem}.rows "
	"td+td{font-family:var(--mono);",
	"font-size:.85rem}.pair{margin-right:1rem}.pair i{font-style:normal;color:var(--soft)}\n",
	".facts th{width:13rem;color:var(--soft)}.facts td{overflow-wrap:anywhere}\n",
	".timings{width:auto}.timings th{padding-right:2rem}.bar{width:302px;padding-right:0}.bar "
	"svg{display:block;",
	"max-width:100%;margin-top:.35rem}\n",
	"details{margin-top:1rem}summary{cursor:pointer;color:var(--calm);padding:.3rem 0}\n",
	".shell{line-height:1.75}.hush{color:var(--soft)}var{color:var(--calm)}\n",
	".sign-off td{border-bottom:1px solid var(--soft);height:3rem}.sign-off tbody "
	"th{vertical-align:bottom;width:9rem;",
	"border-bottom-color:transparent}.sign-off td:last-child{width:9rem}.sign-off "
	"td+td{border-left:1.2rem solid ",
	"var(--paper)}\n",
	".foot{margin-top:3rem;padding-top:.9rem;border-top:2px solid "
	"var(--ink);color:var(--soft);font-size:.84rem}",
	".foot p{margin:0 0 .3rem;overflow-wrap:anywhere}.foot code{font-size:.8rem}\n",
	"@media (max-width:46rem){.page{padding:1.2rem 1.1rem "
	"3rem}.halves,.versus{grid-template-columns:1fr}",
	"h1{font-size:1.55rem}.verdict{padding:1.1rem 1.1rem}.facts th{width:8rem}}\n",
	/* paper: black on white whatever the screen is, nothing folded away, nothing torn in two */
	"@page{size:A4;margin:16mm 15mm}\n",
	"@media print{:root{color-scheme:light;--paper:#ffffff;--card:#ffffff;--ink:#000000;--soft:#444444;",
	"--line:#999999;--hair:#cccccc;--mark:#eeeeee;--markink:#000000;--good-bg:#ffffff;--bad-bg:#ffffff;",
	"--open-bg:#ffffff;--calm-bg:#ffffff}\n",
	"body{font-size:10.5pt}.page{max-width:none;padding:0}.skip,.contents{display:none}mark{text-"
	"decoration:",
	"underline}.halves{gap:0 2rem}.keys{gap:.6rem 1.4rem}a{color:inherit;text-decoration:none}\n",
	"details::details-content{content-visibility:visible!important;height:auto!important;display:block!"
	"important}",
	"summary{color:inherit}.wide{overflow:visible}\n",
	"thead{display:table-header-group}tr,.verdict,.keys div,.list li,.sign-off{break-inside:avoid}",
	"h2,h3,.intro,caption,.card header{break-after:avoid}.card{break-inside:auto}}\n",
};

void rp_html_style(struct rp_buf *out)
{
	for (size_t i = 0; i < sizeof style / sizeof style[0]; i++)
		rp_buf_add(out, style[i]);
}
