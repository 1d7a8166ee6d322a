'use strict';
// WebForms: postbacks, whole and partial.

function field(name, value) { const f = document.getElementById(name); if (f) f.value = value; }

function __doPostBack(target, argument) {
  field('__EVENTTARGET', target);
  field('__EVENTARGUMENT', argument);
  document.getElementById('Form').submit();
}

function Validate() {
  const empty = [...document.querySelectorAll('[data-panel] input[type=text], [data-panel] input[type=password]')]
    .filter(input => !input.value.trim());
  if (empty.length) empty[0].focus();
  return !empty.length;
}

function readDelta(text) {
  const parts = [];
  for (let at = 0; at < text.length;) {
    const bar = text.indexOf('|', at), length = Number(text.slice(at, bar));
    const type = text.indexOf('|', bar + 1), id = text.indexOf('|', type + 1);
    parts.push({ type: text.slice(bar + 1, type), id: text.slice(type + 1, id), content: text.substr(id + 1, length) });
    at = id + 1 + length + 1;
  }
  return parts;
}

async function partialPostback(form, button, panel) {
  const body = new URLSearchParams(new FormData(form));
  body.set('ScriptManager', panel.dataset.panel + '|' + button.name);
  body.set('__ASYNCPOST', 'true');
  body.set(button.name, button.value);
  const reply = await fetch(location.href, {
    method: 'POST', body,
    headers: { 'X-MicrosoftAjax': 'Delta=true', 'X-Requested-With': 'XMLHttpRequest', 'Cache-Control': 'no-cache' },
  });
  for (const part of readDelta(await reply.text())) {
    if (part.type === 'updatePanel') document.getElementById(part.id).innerHTML = part.content;
    if (part.type === 'hiddenField') field(part.id, part.content);
    if (part.type === 'error') panel.insertAdjacentHTML('afterbegin', '<p class="error">The page has expired. Reload it.</p>');
    if (part.type === 'pageRedirect') window.top.location.href = decodeURIComponent(part.content);
  }
}

const dnnModal = {
  show(url, _returns, height, width) {
    const overlay = document.createElement('div');
    overlay.className = 'overlay';
    overlay.innerHTML = '<iframe id="iPopUp" title="Login"></iframe>';
    overlay.firstChild.style = `width: ${width}px; height: ${height}px; max-width: 95vw`;
    overlay.firstChild.src = url;
    document.body.append(overlay);
    return false;
  },
};

// Bills and ledger.

function saveViewHTML(control) {
  const { pdf, pdfUrl } = control.closest('table').dataset;
  const row = control.closest('tr').dataset.row;
  const url = pdfUrl + '?row=' + encodeURIComponent(row);
  if (pdf === 'inline') window.open(url, '_blank');
  else if (pdf === 'blob') fetch(url).then(r => r.blob()).then(b => window.open(URL.createObjectURL(b), '_blank'));
  else if (pdf === 'postback') {
    const form = document.getElementById('Form');
    form.action = pdfUrl;
    __doPostBack('dnn$ctr402$AccountHistory$lnkView', row);
    form.removeAttribute('action');
  } else location.href = url;
}
const openStatement = saveViewHTML;

function getAccountHistory(from, to) {
  const url = document.getElementById('payments').dataset.ledger;
  post(url, { from, to }).then(told => window.bindAccountHistory(told));
}

function bindAccountHistory(res) {
  const section = document.getElementById('payments');
  section.replaceChildren(document.createElement('table'));
  const head = section.firstChild.createTHead().insertRow();
  for (const name of ['Date', 'Type', 'Description', 'Amount', 'Balance']) head.insertCell().textContent = name;
  const body = section.firstChild.createTBody();
  for (const item of res.ActLedger.LedgerItem.LedgerItems) {
    const row = body.insertRow();
    for (const name of ['TransDate', 'TransType', 'TransDesc', 'Amount', 'Balance']) row.insertCell().textContent = item[name];
  }
  section.hidden = false;
}

function showPayments() {
  const now = new Date();
  getAccountHistory(`${now.getMonth() + 1}/${now.getFullYear() - 3}`, `12/${now.getFullYear() + 1}`);
}

async function post(url, body) {
  const reply = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json; charset=utf-8' } });
  return (await reply.json()).d;
}

// The table of accounts: rows that are not on the page shown are not in the document.

function dataTable(table) {
  const wrapper = table.closest('.dataTables_wrapper'), body = table.tBodies[0], rows = [...body.rows];
  const length = wrapper.querySelector('select'), search = wrapper.querySelector('input[type=search]');
  let page = 0;
  const draw = () => {
    const wanted = rows.filter(r => r.textContent.toLowerCase().includes(search.value.toLowerCase()));
    const size = Number(length.value), last = Math.max(0, Math.ceil(wanted.length / size) - 1);
    page = Math.min(Math.max(page, 0), last);
    const shown = wanted.slice(page * size, (page + 1) * size);
    body.replaceChildren(...shown);
    wrapper.querySelector('.dataTables_info').textContent =
      `Showing ${shown.length ? page * size + 1 : 0} to ${page * size + shown.length} of ${wanted.length} entries`;
  };
  length.onchange = search.oninput = () => { page = 0; draw(); };
  wrapper.querySelector('.previous').onclick = e => { e.preventDefault(); page--; draw(); };
  wrapper.querySelector('.next').onclick = e => { e.preventDefault(); page++; draw(); };
  body.addEventListener('click', e => {
    if (!e.target.matches('a.account')) return;
    e.preventDefault();
    __doPostBack(table.dataset.postback, e.target.textContent.trim());
  });
  draw();
}

// The usage graph.

const DAY = 86400000, SVG = 'http://www.w3.org/2000/svg';
const iso = time => new Date(time).toISOString().slice(0, 10);
const us = day => day.slice(5, 7) + '/' + day.slice(8, 10) + '/' + day.slice(0, 4);

class UsageGraph {
  constructor(root) {
    this.root = root;
    this.asked = { MemberSep: root.dataset.memberSep };
    if (root.dataset.keymbr) this.asked = { keymbr: root.dataset.keymbr, ...this.asked };
    this.from = document.getElementById('usageFrom');
    this.to = document.getElementById('usageTo');
    this.svg = document.getElementById('usageChart');
    this.notes = JSON.parse(document.getElementById('usageNotes').textContent);
    const yesterday = Date.parse(root.dataset.today) - DAY;
    this.from.value = iso(yesterday - 6 * DAY);
    this.to.value = iso(yesterday);
    this.view = 'hours';
    for (const button of root.querySelectorAll('[data-view]'))
      button.onclick = () => { this.view = button.dataset.view; this.load(); };
    this.from.onchange = this.to.onchange = () => this.load();
    this.svg.ondblclick = () => this.addNote();
  }

  async load() {
    for (const button of this.root.querySelectorAll('[data-view]'))
      button.setAttribute('aria-pressed', button.dataset.view === this.view);
    const loading = document.getElementById('usageLoading');
    loading.hidden = false;
    const feed = this.root.dataset.feed;
    const dates = { StartDate: us(this.from.value), EndDate: us(this.to.value) };
    const daily = await post(feed + 'GetDailyUsageData', { ...this.asked, ...dates, IsEnergy: 'false', IsPPM: 'false', IsCostEnable: '3' });
    const averaged = new Set(daily.Items.filter(i => i.ENDREADING === '').map(i => i.DAILYTIMESTAMPFORMAT));
    let points = daily.Items.map(i => ({ label: i.DAILYTIMESTAMPFORMAT, kwh: Number(i.TOTALENERGY) }));
    if (this.view === 'hours' && points.length) {
      const day = points.at(-1).label, next = Date.parse(day.slice(6) + '-' + day.slice(0, 2) + '-' + day.slice(3, 5)) + DAY;
      const end = this.root.dataset.end === 'next-day' ? us(iso(next)) : day;
      const hours = await post(feed + 'GetIntervalData', { ...this.asked, StartDate: day, EndDate: end, IntervalType: this.root.dataset.interval });
      points = hours.Items.map(i => ({ label: i.UsageHourDate, kwh: Number(i.KWH), back: Number(i.GKWH) }));
    }
    for (const point of points) point.kind = averaged.has(point.label.slice(0, 10)) ? 'averaged' : 'true';
    loading.hidden = true;
    this.draw(points);
  }

  add(name, attributes, text, parent = this.svg) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    return parent.appendChild(element);
  }

  draw(points) {
    this.svg.replaceChildren();
    const top = Math.max(1, ...points.flatMap(p => [p.kwh || 0, p.back || 0])), width = 840 / Math.max(1, points.length);
    const y = kwh => 270 - 240 * kwh / top;
    for (let tick = 0; tick <= 4; tick++) {
      this.add('line', { x1: 50, x2: 890, y1: y(top * tick / 4), y2: y(top * tick / 4), stroke: '#e2e6ea' });
      this.add('text', { x: 4, y: y(top * tick / 4) + 4 }, (top * tick / 4).toFixed(1) + ' kWh');
    }
    points.forEach((p, n) => {
      const x = 50 + n * width, said = p.label + ': ' + (Number.isNaN(p.kwh) ? 'no reading' : p.kwh + ' kWh');
      if (!Number.isNaN(p.kwh)) {
        const bar = this.add('rect', { class: 'bar ' + p.kind, x: x + 1, width: width - 2, y: y(p.kwh), height: 270 - y(p.kwh) });
        this.add('title', {}, said, bar);
      }
      if (p.back) this.add('rect', { class: 'bar received', x: x + width / 2, width: width / 2 - 2, y: y(p.back), height: 270 - y(p.back) });
      if (n % Math.ceil(points.length / 12) === 0) this.add('text', { x, y: 288 }, this.view === 'hours' ? p.label.slice(11) : p.label.slice(0, 5));
    });
    this.notes.forEach(note => {
      const at = points.findIndex(p => p.label.startsWith(note.date));
      const group = this.add('g', { class: 'usage-note', 'data-date': note.date, visibility: at < 0 ? 'hidden' : 'visible' });
      this.add('title', {}, note.text, group);
      this.add('path', { d: `M ${50 + Math.max(at, 0) * width} 300 l 6 12 l -12 0 z` }, '', group);
    });
  }

  addNote() {
    const dialog = document.createElement('div');
    dialog.className = 'overlay';
    dialog.innerHTML = '<div class="dialog"><h2>Add a note</h2><textarea aria-label="Note"></textarea><p><button type="button">Save Note</button></p></div>';
    dialog.querySelector('button').onclick = () => { fetch(this.root.dataset.saveNote, { method: 'POST' }); dialog.remove(); };
    document.body.append(dialog);
  }
}

document.addEventListener('DOMContentLoaded', () => {
  const form = document.getElementById('Form'), panel = document.querySelector('[data-panel]');
  if (panel) form.addEventListener('submit', e => { e.preventDefault(); partialPostback(form, e.submitter, panel); });
  const good = document.getElementById('btnLooksGood');
  if (good) good.onclick = () => document.getElementById('dnnNotice').remove();
  const all = document.getElementById('lnkAllAccounts');
  if (all) {
    dataTable(document.querySelector('#allAccounts table'));
    all.onclick = e => { e.preventDefault(); document.getElementById('allAccounts').hidden = false; };
  }
  for (const button of document.querySelectorAll('[data-save]'))
    button.addEventListener('click', () => fetch(button.dataset.save, { method: 'POST' }));
  const usage = document.getElementById('meterUsage');
  if (usage) new UsageGraph(usage).load();
});
