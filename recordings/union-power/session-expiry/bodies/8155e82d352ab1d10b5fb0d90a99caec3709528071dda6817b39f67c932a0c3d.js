// The portal's own script: partial postbacks, tables, bills, the ledger and the usage graph.
'use strict';

const $ = id => document.getElementById(id);

/* ---- WebForms ---- */

function __doPostBack(target, argument, action) {
  const form = $('Form');
  const usual = form.getAttribute('action');
  form.elements.__EVENTTARGET.value = target;
  form.elements.__EVENTARGUMENT.value = argument;
  if (action) form.setAttribute('action', action);
  form.submit();
  form.setAttribute('action', usual);
  form.elements.__EVENTTARGET.value = form.elements.__EVENTARGUMENT.value = '';
}

function Validate() {
  const fields = document.querySelectorAll('.sign-in .field input');
  const empty = [...fields].find(field => !field.value.trim());
  if (empty) empty.focus();
  return !empty;
}

function enter() {
  if (Validate()) $('Form').requestSubmit();
  return false;
}

function parseDelta(text) {
  const parts = [];
  for (let at = 0; at < text.length;) {
    const head = /^(\d+)\|([^|]*)\|([^|]*)\|/.exec(text.slice(at, at + 400));
    if (!head) throw new Error('not a delta');
    const from = at + head[0].length;
    const content = text.substr(from, Number(head[1]));
    parts.push({type: head[2], id: head[3], content});
    at = from + content.length + 1;
  }
  return parts;
}

function applyDelta(text) {
  for (const {type, id, content} of parseDelta(text)) {
    if (type === 'updatePanel') $(id).innerHTML = content;
    else if (type === 'hiddenField') $(id).value = content;
    else if (type === 'error') throw new Error(content);
    else if (type === 'pageRedirect') {
      const there = window.parent === window ? window : window.parent;
      there.location.href = decodeURIComponent(content);
    }
  }
}

async function partialPostBack(form, panel, control, more) {
  const body = new URLSearchParams(new FormData(form));
  body.set('ScriptManager', `${panel}|${control}`);
  body.set('__ASYNCPOST', 'true');
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  const reply = await fetch(form.action, {method: 'POST', body, headers: {
    'X-Requested-With': 'XMLHttpRequest', 'X-MicrosoftAjax': 'Delta=true'}});
  try {
    applyDelta(await reply.text());
  } catch {
    location.reload();
  }
}

const dnnModal = {
  show(url) {
    const cover = document.createElement('div');
    cover.className = 'cover';
    const frame = document.createElement('iframe');
    frame.id = 'iPopUp';
    frame.title = 'Customer Access';
    frame.src = url;
    cover.append(frame);
    document.body.append(cover);
    return false;
  },
};

/* ---- Accounts ---- */

function viewAllAccounts() {
  $('allAccounts').hidden = false;
  return false;
}

function selectAccount(number) {
  const link = 'dnn$ctr401$BillingPayments$lnkAccount';
  return partialPostBack($('Form'), 'dnn$ctr401$BillingPayments$UpdatePanel1', link,
    {__EVENTTARGET: link, __EVENTARGUMENT: number});
}

function accountTable(table) {
  const card = table.closest('.card');
  const rows = [...table.tBodies[0].rows];
  const length = card.querySelector('select');
  const search = card.querySelector('input[type=search]');
  let page = 0;

  function draw() {
    const said = search.value.toLowerCase();
    const found = rows.filter(row => row.textContent.toLowerCase().includes(said));
    const size = Number(length.value);
    const pages = Math.max(1, Math.ceil(found.length / size));
    page = Math.min(page, pages - 1);
    const shown = found.slice(page * size, (page + 1) * size);
    table.tBodies[0].replaceChildren(...shown);
    // Ids are places on the screen: another page, or a search, gives them to other accounts.
    shown.forEach((row, n) => {
      const link = row.querySelector('[id^=vbLinkBtn]');
      if (link) link.id = `vbLinkBtn${n}`;
    });
    const first = found.length ? page * size + 1 : 0;
    card.querySelector('.table-info').textContent =
      `Showing ${first} to ${page * size + shown.length} of ${found.length} entries`;
    card.querySelector('.pages').replaceChildren(...Array.from({length: pages}, (_, n) => {
      const link = document.createElement('a');
      link.href = '#';
      link.textContent = n + 1;
      link.className = n === page ? 'paginate_button current' : 'paginate_button';
      link.onclick = () => { page = n; draw(); return false; };
      return link;
    }));
  }

  // The link itself goes to "#", which the address of the page keeps.
  table.tBodies[0].onclick = event => {
    if (event.target.matches('td:first-child a')) selectAccount(event.target.closest('tr').dataset.account);
  };
  length.onchange = search.oninput = () => { page = 0; draw(); };
  draw();
}

/* ---- Bills ---- */

// What a browser does that blocks pop-ups, without its having to be set so.
function blockPopups() {
  window.open = () => null;
}

function openTab(url) {
  if (window.open(url)) return;
  const said = document.createElement('span');
  said.className = 'message';
  said.setAttribute('role', 'alert');
  said.textContent = 'A pop-up blocker kept your bill from opening. Please allow pop-ups for this site.';
  document.querySelector('main').prepend(said);
}

const DELIVERY = {
  attachment(url) { location.href = url; },
  inline(url) { openTab(url); },
  async blob(url) {
    const reply = await fetch(url);
    openTab(URL.createObjectURL(await reply.blob()));
  },
  postback(url, row) {
    __doPostBack('dnn$ctr401$AccountHistory$lnkView', row, url.split('?')[0]);
  },
};

function openBill(row) {
  const {pdf, delivery} = document.body.dataset;
  DELIVERY[delivery](`${pdf}?row=${row}`, row);
  return false;
}

function saveViewHTML(icon) {
  return openBill(icon.closest('tr').dataset.row);
}

const openStatement = saveViewHTML;

function viewBill(link) {
  return openBill(link.closest('tr').dataset.row);
}

/* ---- Ledger ---- */

async function ask(url, body) {
  const reply = await fetch(url, {method: 'POST', body: JSON.stringify(body), headers: {
    'Content-Type': 'application/json; charset=utf-8', 'X-Requested-With': 'XMLHttpRequest'}});
  if (!(reply.headers.get('Content-Type') || '').includes('json')) {
    // The sign-in form is what an ended session gets; an error page is no reason to load again.
    if (reply.ok && !(await reply.text()).includes('Server Error in')) location.reload();
    return {};
  }
  return (await reply.json()).d || {};
}

async function getAccountHistory(from, to) {
  const res = await ask($('history').dataset.ledger, {from, to});
  bindAccountHistory(res);
}

function bindAccountHistory(res) {
  const rows = res.ActLedger ? res.ActLedger.LedgerItem.LedgerItems : [];
  $('ledger').tBodies[0].replaceChildren(...rows.map(item => {
    const row = document.createElement('tr');
    for (const field of ['TransDate', 'TransType', 'TransDesc', 'Amount', 'Balance']) {
      const cell = row.insertCell();
      cell.textContent = item[field];
      if (field === 'Amount' || field === 'Balance') cell.className = 'number';
    }
    return row;
  }));
}

function historyTabs(card) {
  for (const button of card.querySelectorAll('[data-tab]')) {
    button.onclick = () => {
      for (const other of card.querySelectorAll('[data-tab]')) {
        other.classList.toggle('on', other === button);
        $(other.dataset.tab).hidden = other !== button;
      }
      if (button.dataset.tab === 'payments') getAccountHistory($('ledgerFrom').value, $('ledgerTo').value);
    };
  }
}

/* ---- Usage ---- */

const addDays = (day, n) => new Date(Date.parse(day) + n * 864e5).toISOString().slice(0, 10);
const american = day => day.replace(/(\d+)-(\d+)-(\d+)/, '$2/$3/$1');
const iso = day => day.replace(/(\d+)\/(\d+)\/(\d+)/, '$3-$1-$2');
const later = (a, b) => a > b ? a : b;
const earlier = (a, b) => a < b ? a : b;

function usageGraph(card) {
  const data = card.dataset;
  const notes = JSON.parse($('usageNotes').textContent);
  const yesterday = addDays(data.today, -1);
  const given = $('usageHours') && JSON.parse($('usageHours').textContent);
  const averaged = given ? {[given.day]: given.averaged} : {};
  let mode = 'hourly';
  let day = yesterday;
  let turn = 0;

  function about(more) {
    return {...(data.keymbr ? {keymbr: data.keymbr} : {}), MemberSep: data.membersep, ...more};
  }

  async function daily(first, last) {
    const items = [];
    for (let from = first; from <= last; from = addDays(from, Math.max(1, data.range))) {
      const to = earlier(last, addDays(from, Math.max(1, data.range) - 1));
      const told = await ask(data.methods + 'GetDailyUsageData', about({
        StartDate: american(from), EndDate: american(to), IsEnergy: 'false', IsPPM: 'false',
        IsCostEnable: '3'}));
      items.push(...(told.Items || []));
    }
    for (const item of items) {
      averaged[iso(item.DAILYTIMESTAMPFORMAT)] = !item.ENDREADING;
    }
    return items;
  }

  async function hours() {
    if (!(day in averaged)) await daily(day, day);
    const end = data.end === 'same-day' ? day : addDays(day, 1);
    const told = given || await ask(data.methods + 'GetIntervalData', about({
      StartDate: american(day), EndDate: american(end), IntervalType: '60'}));
    return (told.Items || []).map(item => ({
      label: item.UsageHourDate.slice(11).replace(':00', '').replace(/^0/, ''),
      when: item.UsageHourDate, day, used: Number(item.KWH), received: Number(item.GKWH),
      averaged: averaged[day]}));
  }

  async function days() {
    const first = day.slice(0, 8) + '01';
    const last = addDays(addDays(first, 31).slice(0, 8) + '01', -1);
    const items = await daily(later(first, data.opened), earlier(last, yesterday));
    return items.map(item => ({
      label: String(Number(item.DAILYTIMESTAMPFORMAT.slice(3, 5))), when: item.DAILYTIMESTAMPFORMAT,
      day: iso(item.DAILYTIMESTAMPFORMAT), used: Number(item.TOTALENERGY), received: 0,
      averaged: averaged[iso(item.DAILYTIMESTAMPFORMAT)]}));
  }

  async function show() {
    const mine = ++turn;
    $('usageLoading').hidden = false;
    for (const button of card.querySelectorAll('[data-mode]')) {
      button.classList.toggle('on', button.dataset.mode === mode);
    }
    $('usageDay').hidden = mode !== 'hourly';
    $('usageMonth').hidden = mode !== 'daily';
    $('usageDay').value = day;
    $('usageMonth').value = day.slice(0, 7);
    const points = await (mode === 'hourly' ? hours() : days());
    if (mine !== turn) return;
    $('usageChart').replaceChildren(drawGraph(points, notes, mode, data.received));
    $('usageLoading').hidden = true;
  }

  async function start() {
    if (given) {
      day = given.day;
      return show();
    }
    const items = await daily(later(addDays(data.today, -7), data.opened), yesterday);
    if (items.length) day = iso(items[items.length - 1].DAILYTIMESTAMPFORMAT);
    await show();
  }

  function go(to) {
    if (/^\d{4}-\d\d-\d\d$/.test(to)) day = earlier(later(to, data.opened), yesterday);
    if (given && day !== given.day) location.search = `?day=${day}`;
    else show();
  }

  for (const button of card.querySelectorAll('[data-mode]')) {
    button.onclick = () => { mode = button.dataset.mode; show(); };
  }
  for (const button of card.querySelectorAll('[data-step]')) {
    const step = Number(button.dataset.step);
    button.onclick = () => go(mode === 'hourly' ? addDays(day, step)
      : addDays(addDays(day.slice(0, 8) + '15', step * 30).slice(0, 8) + '01', 0));
  }
  $('usageDay').onchange = () => go($('usageDay').value);
  $('usageMonth').onchange = () => go($('usageMonth').value + '-01');
  $('usageChart').ondblclick = () => openNote('');
  $('usageChart').onmouseover = tip;
  start();
}

function openNote(text) {
  $('noteText').value = text;
  $('noteDialog').showModal();
}

function tip(event) {
  const said = event.target.dataset.tip;
  const box = $('usageTip');
  box.hidden = !said;
  if (!said) return;
  box.textContent = said;
  const slot = event.target.getBoundingClientRect();
  const frame = $('usageChart').getBoundingClientRect();
  box.style.left = `${Math.min(slot.left - frame.left, frame.width - 260)}px`;
  box.style.top = '0';
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function niceStep(span) {
  const rough = Math.max(span, 0.1) / 5;
  const ten = 10 ** Math.floor(Math.log10(rough));
  return ten * [1, 2, 5, 10].find(n => n * ten >= rough);
}

const LEFT = 62, RIGHT = 940, TOP = 40, BOTTOM = 320, STRIP = 376;

function drawGraph(points, notes, mode, received) {
  const title = mode === 'hourly' ? 'kWh by the hour' : 'kWh by the day';
  const graph = svg('svg', {viewBox: '0 0 960 400', role: 'img', 'aria-label': title});
  if (!points.length) {
    graph.append(svg('text', {x: 480, y: 180, 'text-anchor': 'middle'}, 'No usage is available.'));
  }
  const high = Math.max(0.1, ...points.map(p => p.used || 0));
  const low = Math.max(0, ...points.map(p => Math.max(p.received, -p.used) || 0));
  const step = niceStep(high + low);
  const top = Math.ceil(high / step) * step, bottom = Math.ceil(low / step) * step;
  const y = value => BOTTOM - (value + bottom) / (top + bottom) * (BOTTOM - TOP);
  const width = (RIGHT - LEFT) / Math.max(1, points.length);
  drawAxis(graph, step, top, bottom, y, title);
  points.forEach((point, n) => drawPoint(graph, point, LEFT + n * width, width, y, points.length, n));
  drawLegend(graph, received);
  drawNotes(graph, notes, points, width);
  return graph;
}

function drawAxis(graph, step, top, bottom, y, title) {
  const axis = svg('g', {class: 'axis'});
  for (let n = -Math.round(bottom / step); n <= Math.round(top / step); n++) {
    const at = y(n * step);
    axis.append(
      svg('line', {x1: LEFT, x2: RIGHT, y1: at, y2: at, class: n ? '' : 'zero'}),
      svg('text', {x: LEFT - 8, y: at + 4, 'text-anchor': 'end'}, String(+(Math.abs(n) * step).toFixed(2))));
  }
  axis.append(svg('text', {x: LEFT, y: 18}, title));
  graph.append(axis);
}

function drawPoint(graph, point, x, width, y, count, n) {
  const bar = (kind, value, from) => graph.append(svg('rect', {
    class: `bar ${kind}`.trim(), x: (x + width * 0.12).toFixed(2), width: (width * 0.76).toFixed(2),
    y: Math.min(from, y(value)).toFixed(2), height: Math.abs(y(value) - from).toFixed(2)}));
  const known = !Number.isNaN(point.used);
  if (known) bar(point.averaged ? 'averaged' : '', point.used, y(0));
  if (point.received > 0) bar('received', -point.received, y(0));
  let said = `${point.when}: ${known ? `${point.used} kWh` : 'no reading'}`;
  if (point.averaged) said += ' (averaged)';
  if (point.received > 0) said += `, ${point.received} kWh received`;
  graph.append(svg('rect', {
    class: 'slot', x, width, y: TOP, height: BOTTOM - TOP, 'data-tip': said}));
  if (count < 20 || n % (point.label.includes('M') ? 3 : 1) === 0) {
    graph.append(svg('text', {x: x + width / 2, y: BOTTOM + 18, 'text-anchor': 'middle'}, point.label));
  }
}

function drawLegend(graph, received) {
  const entries = [['', 'Used'], ['averaged', 'Averaged'], ...(received ? [['received', 'Received']] : [])];
  const legend = svg('g', {class: 'legend'});
  entries.forEach(([kind, text], n) => {
    const x = RIGHT - 85 * (entries.length - n);
    legend.append(
      svg('circle', {class: `bar ${kind}`.trim(), cx: x, cy: 14, r: 5}),
      svg('text', {x: x + 10, y: 18}, text));
  });
  graph.append(legend);
}

/* A note of a day in view stands above it; the others stand in a strip below the graph. */
function drawNotes(graph, notes, points, width) {
  let aside = 0;
  for (const note of notes) {
    const at = points.findIndex(point => point.day === note.day);
    const x = at < 0 ? LEFT + 10 + aside++ * 100 : LEFT + (at + 0.5) * width;
    const y = at < 0 ? STRIP : TOP;
    const mark = svg('g', {class: 'usage-note', 'data-date': american(note.day)},
      svg('title', {}, note.text), svg('path', {d: `M${x} ${y}v-16h11l-3 4 3 4h-9v8z`}));
    if (at < 0) mark.append(svg('text', {x: x + 15, y: y - 4}, american(note.day)));
    mark.onclick = () => openNote(note.text);
    graph.append(mark);
  }
}

/* ---- Start ---- */

document.addEventListener('DOMContentLoaded', () => {
  if (document.body.dataset.popups === 'blocked') blockPopups();
  const signIn = document.querySelector('.sign-in');
  if (signIn) {
    $('Form').addEventListener('submit', event => {
      event.preventDefault();
      const button = event.submitter || signIn.querySelector('input[type=submit], a[data-name]');
      const name = button.name || button.dataset.name;
      partialPostBack($('Form'), signIn.dataset.panel, name, {[name]: button.value || ''});
    });
  }
  const accounts = document.querySelector('#allAccounts table');
  if (accounts) accountTable(accounts);
  if ($('history')) historyTabs($('history'));
  if ($('usage')) usageGraph($('usage'));
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-post]');
    if (!button) return;
    await fetch(button.dataset.post, {method: 'POST'});
    button.disabled = true;
  });
});
