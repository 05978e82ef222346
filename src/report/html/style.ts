/** The one style sheet. Colours are named by what they mean; each passes 4.5:1 on both backgrounds it stands on. */
export const style = `
:root{color-scheme:light dark;--paper:#fdfdfc;--panel:#f4f4f1;--ink:#1c2024;--soft:#5a6169;--rule:#d9dad5;--alarm:#a8380b;--alarm-bg:#fbece4;--blue:#1f5fbf;--green:#1c7a43;--wait:#8b9096}
@media (prefers-color-scheme:dark){:root{--paper:#15181b;--panel:#1d2125;--ink:#e4e6e8;--soft:#a2a9b1;--rule:#343a40;--alarm:#ff9d6e;--alarm-bg:#38231a;--blue:#82b4ff;--green:#74d19a;--wait:#7d848b}}
*{box-sizing:border-box}
html{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{max-width:76rem;margin:0 auto;padding:1.5rem 1.25rem 4rem;overflow-wrap:break-word}
h1,h2,h3{line-height:1.25;font-weight:650;margin:0}
h1{font-size:1.6rem}
h2{font-size:1.2rem;margin:2.75rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.4rem 0;max-width:48rem}
ul{margin:.4rem 0;padding-left:1.2rem;max-width:56rem}
li{margin:.2rem 0}
a{color:inherit;text-decoration-color:var(--wait);text-underline-offset:.15em}
a:hover{text-decoration-color:currentColor}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
code,.hash{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.note,.none{color:var(--soft)}
.kicker{color:var(--soft);margin:0 0 .2rem}
.ref{display:inline-block;font-size:.78em;line-height:1.35;color:var(--soft);text-decoration:none;border:1px solid var(--rule);border-radius:3px;padding:0 .28em;font-variant-numeric:tabular-nums;vertical-align:.08em;white-space:nowrap}
.ref::before{content:"#"}
.ref:hover{color:var(--ink);border-color:var(--soft)}
.alarm{color:var(--alarm);font-weight:600}
.side{display:inline-block;white-space:nowrap;font-weight:600}
.side::before{content:"";display:inline-block;width:.62em;height:.62em;margin-right:.35em;border-radius:50%;background:currentColor;vertical-align:.02em}
.side.green::before{border-radius:0;transform:rotate(45deg) scale(.9)}
.side.between::before{background:none;border:1.5px solid currentColor}
.blue{color:var(--blue)}.green{color:var(--green)}.between{color:var(--soft)}
.card{border:1px solid var(--rule);border-left:5px solid var(--soft);border-radius:6px;background:var(--panel);padding:1rem 1.25rem 1.1rem;margin:1rem 0}
.card.done{border-left-color:var(--green)}.card.bad{border-left-color:var(--alarm)}.card.rolled{border-left-color:var(--blue)}
.card p{max-width:60rem}
.card .sentence{font-size:1.25rem;font-weight:650;line-height:1.35;margin:0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.9rem 1.25rem;margin:1rem 0 0}
.figures div{min-width:0}
.figures dt{color:var(--soft);font-size:.86rem}
.figures dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}
.figures dd small{display:block;font-size:.8rem;font-weight:400;color:var(--soft);line-height:1.35}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.15rem 1rem;max-width:none}
.scroll{overflow-x:auto;margin:.6rem 0 1rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:0 0 .35rem;font-size:.86rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--rule)}
thead th{color:var(--soft);font-weight:500;font-size:.82rem;white-space:nowrap;border-bottom-color:var(--wait)}
tbody th{font-weight:600;white-space:nowrap}
td .note{white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.n{text-align:right}
.n,.keep{white-space:nowrap}
.text{min-width:16rem;max-width:38rem;display:inline-block}
div.text{display:block}
time{white-space:nowrap}
details{margin:.3rem 0}
summary{cursor:pointer;padding:.2rem 0}
details>summary h3{display:inline;margin:0}
.life{margin:.75rem 0 1rem;font-size:.9rem}
.life div.row{display:grid;grid-template-columns:10rem 1fr;gap:.75rem;align-items:center;padding:.16rem 0}
.life .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.life .track{position:relative;height:.95rem;background:var(--panel);border-radius:2px;overflow:hidden}
.life .track span,.key i{position:absolute;top:0;bottom:0;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.l-on-blue{background:var(--blue)}
.l-on-green{background:var(--green)}
.l-preparing{background:repeating-linear-gradient(90deg,var(--blue) 0 2px,transparent 2px 5px)}
.l-crossing{background:linear-gradient(to top,var(--green) 0 50%,var(--blue) 50%)}
.l-going-back{background:repeating-linear-gradient(135deg,var(--alarm) 0 4px,var(--blue) 4px 8px)}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;color:var(--soft);font-size:.86rem;margin:.3rem 0}
.key i{position:static;display:inline-block;width:1.6rem;height:.7rem;margin-right:.4rem;border-radius:2px}
.axis{display:flex;justify-content:space-between;color:var(--soft);font-size:.82rem;margin-left:10.75rem}
.dots{line-height:1.25;letter-spacing:.06em;overflow-wrap:anywhere;margin:.2rem 0}
.dots span{cursor:default}
.dots .odd{color:var(--alarm);font-weight:700}
.dots .off{color:var(--soft)}
.pair{display:grid;grid-template-columns:minmax(0,24rem) minmax(0,1fr);gap:1.2rem;align-items:start}
.pair>*{min-width:0}
.pair th,.pair td{padding-right:.55rem}
svg{display:block;width:100%;height:auto;max-width:30rem;font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg text{fill:var(--soft)}
svg .strong{fill:var(--ink)}
svg .over{fill:var(--ink);stroke:var(--paper);stroke-width:3px;paint-order:stroke}
svg .frame{fill:none;stroke:var(--rule)}
svg .weight{fill:none;stroke:var(--green);stroke-width:2}
svg .area{fill:var(--green);opacity:.14}
svg .e{fill:none;stroke:var(--alarm);stroke-width:1.8}
svg .proof{fill:none;stroke:var(--green);stroke-width:1.6;stroke-dasharray:5 3}
svg .limit{stroke:var(--alarm);stroke-width:1;stroke-dasharray:2 3}
svg .needed{stroke:var(--green);stroke-width:1;stroke-dasharray:2 3}
svg .dot{fill:var(--paper);stroke:var(--green);stroke-width:1.8}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:0 2.5rem}
.journal td,.journal tbody th{padding-top:.18rem;padding-bottom:.18rem}
.journal tbody th{font-weight:400;color:var(--soft)}
tr:target{background:var(--alarm-bg);outline:2px solid var(--alarm)}
.head{border:1px solid var(--rule);border-radius:6px;padding:.6rem .9rem;background:var(--panel)}
@media (max-width:52rem){.pair{grid-template-columns:minmax(0,1fr)}}
@media (max-width:34rem){body{padding:1rem .9rem 3rem}h1{font-size:1.35rem}.card{padding:.8rem .9rem}.figures{grid-template-columns:1fr 1fr}.life div.row{grid-template-columns:6.5rem 1fr;gap:.5rem}.axis{margin-left:7rem}.text{min-width:13rem}
.journal thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.journal table,.journal tbody{display:block}.journal tr{display:grid;grid-template-columns:auto auto 1fr;gap:0 .7rem;border-bottom:1px solid var(--rule);padding:.25rem 0}.journal tbody td,.journal tbody th{border:0;padding:0}.journal td:last-child{grid-column:1/-1}}
@media print{:root{--paper:#fff;--panel:#fff;--ink:#000;--soft:#444;--rule:#bbb;--alarm:#8a2b05;--alarm-bg:#fff;--blue:#1a4f9f;--green:#17663a;--wait:#777}html{font-size:10.5px}body{max-width:none;padding:0}nav{display:none}.scroll{overflow:visible}details::details-content{content-visibility:visible;block-size:auto}h2,h3,caption{break-after:avoid}tr,.card,svg,.life div.row{break-inside:avoid}thead{display:table-header-group}.pair{grid-template-columns:24rem 1fr}.text{min-width:0}}
`
