// The example portal of one page: what it shows is made here, of what it asks for.
'use strict';
(() => {
  const app = document.getElementById('app');
  let me = null, account = null, user = '';
  const ask = async path => (await fetch(path)).json();
  const make = (tag, given = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), given);
    made.append(...inside);
    return made;
  };
  const show = (...inside) => { app.removeAttribute('aria-busy'); app.replaceChildren(...inside); };
  const about = more => '?' + new URLSearchParams({account: account.number, ...more});

  function who() {
    const field = make('input', {autocomplete: 'username'});
    const next = make('button', {textContent: 'Continue', onclick: () => { user = field.value; secret(''); }});
    show(make('h1', {textContent: 'Welcome'}), make('label', {}, 'Your e-mail or user name ', field), next);
  }

  function secret(said) {
    const field = make('input', {type: 'password'});
    const enter = make('button', {textContent: 'Enter', onclick: async () => {
      const reply = await fetch('/api/sign-in', {method: 'POST', body: JSON.stringify({user, password: field.value})});
      if ((await reply.json()).ok) start(); else secret('That user name and password do not go together.');
    }});
    show(make('h1', {textContent: 'Your secret'}), make('p', {role: 'alert', textContent: said}),
      make('label', {}, 'Pass phrase ', field), enter);
  }

  function frame(...inside) {
    const go = (textContent, onclick) => make('button', {textContent, onclick});
    const pay = go('Pay now', () => fetch('/pay', {method: 'POST'}));
    show(make('nav', {}, go('Overview', home), go('Bills', bills), go('Energy', energy), pay, go('Sign off', leave)),
      ...inside);
  }

  function leave() { document.cookie = 'visit=; max-age=0'; who(); }

  function home() {
    const list = make('ul', {id: 'accounts'}, ...me.accounts.map(one => make('li', {}, make('button', {
      textContent: one.number.slice(0, 7) + '-' + one.number.slice(7), onclick: () => { account = one; home(); }}))));
    const facts = [['Account', account.number], ['Service address', account.address], ['Plan', account.rate]];
    frame(make('h1', {textContent: 'Overview'}), list,
      make('dl', {}, ...facts.flatMap(([name, said]) => [make('dt', {textContent: name}), make('dd', {textContent: said})])));
  }

  async function bills() {
    const list = make('section', {id: 'bills'}), end = make('p', {id: 'end', hidden: true, textContent: 'That is all.'});
    let from = 0, asking = false, more = true;
    const next = async () => {
      if (asking || !more) return;
      asking = true;
      const told = await ask('/api/bills' + about({from}));
      list.append(...told.bills.map(card));
      from += told.bills.length;
      more = told.more;
      end.hidden = more;
      asking = false;
    };
    const near = () => innerHeight + scrollY >= document.documentElement.scrollHeight - 40;
    window.onscroll = () => { if (near()) next(); };
    frame(make('h1', {textContent: 'Bills'}), list, end);
    await next();
  }

  function card(bill) {
    const get = make('button', {textContent: 'Save a copy', onclick: async () => {
      const reply = await fetch('/api/document?name=' + bill.document);
      const link = make('a', {href: URL.createObjectURL(await reply.blob()), download: 'bill.pdf'});
      link.click();
    }});
    return make('article', {className: 'card'}, make('strong', {className: 'total', textContent: bill.total}),
      make('p', {className: 'day', textContent: 'Billed on ' + bill.day}),
      make('p', {className: 'due', textContent: 'Due by ' + bill.due}),
      make('p', {className: 'used', textContent: bill.used}), get);
  }

  function energy() {
    const yesterday = new Date(Date.parse(me.today) - 864e5).toISOString().slice(0, 10);
    const field = make('input', {type: 'date', value: yesterday});
    const room = make('div', {id: 'graph'});
    let first = null;
    const draw = async () => {
      if (me.chart === 'never') { room.replaceChildren(make('canvas', {width: 900, height: 360}), make('p', {role: 'status', textContent: 'Loading…'})); return; }
      if (me.chart === 'image') { room.replaceChildren(make('img', {width: 900, height: 360, alt: '', src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw='})); return; }
      const told = await ask('/api/usage' + about({day: field.value}));
      first ||= told;
      const shown = me.chart === 'stale' ? first : told;
      if (!shown.hours.length) { room.replaceChildren(make('p', {id: 'nothing', textContent: 'There is no reading of this day.'})); return; }
      const canvas = make('canvas', {width: 900, height: 360});
      room.replaceChildren(make('h2', {textContent: shown.day}), canvas);
      chart(canvas.getContext('2d'), shown.hours, account.received);
    };
    field.onchange = draw;
    frame(make('h1', {textContent: 'Energy'}), make('label', {}, 'Day ', field), room);
    draw();
  }

  // Bars of used energy up from a line, and of given energy down from it, on an axis in kWh.
  function chart(pen, hours, received) {
    const left = 60, right = 890, top = 20, bottom = 320;
    const high = Math.max(0.1, ...hours.map(h => h.used || 0));
    const low = received ? Math.max(0, ...hours.map(h => h.given || 0)) : 0;
    const ten = 10 ** Math.floor(Math.log10((high + low) / 4));
    const step = ten * [1, 2, 5, 10].find(n => n * ten >= (high + low) / 5);
    const least = -Math.ceil(low / step), most = Math.ceil(high / step);
    const y = value => bottom - (value / step - least) / (most - least) * (bottom - top);
    pen.font = '12px sans-serif';
    pen.textBaseline = 'middle';
    for (let n = least; n <= most; n++) {
      pen.fillStyle = '#333';
      pen.textAlign = 'right';
      pen.fillText(String(+(n * step).toFixed(4)), left - 8, y(n * step));
      pen.strokeStyle = '#ddd';
      pen.beginPath();
      pen.moveTo(left, y(n * step));
      pen.lineTo(right, y(n * step));
      pen.stroke();
    }
    pen.textAlign = 'left';
    pen.fillText('kWh', 4, 10);
    const wide = (right - left) / hours.length;
    hours.forEach((hour, n) => {
      if (hour.used !== null) {
        pen.fillStyle = hour.guess ? '#e80' : '#26a';
        pen.fillRect(left + n * wide + 2, y(hour.used), wide - 4, y(0) - y(hour.used));
      }
      if (hour.given) {
        pen.fillStyle = '#4a4';
        pen.fillRect(left + n * wide + 2, y(0), wide - 4, y(-hour.given) - y(0));
      }
      if (n % 3 === 0) {
        pen.fillStyle = '#333';
        pen.textAlign = 'center';
        const label = new Date(hour.at).toLocaleTimeString('en-US', {hour: 'numeric'});
        pen.fillText(label, left + (n + 0.5) * wide, bottom + 18);
      }
    });
  }

  async function start() {
    me = await ask('/api/me');
    if (!me.signedIn) return who();
    account ||= me.accounts[0];
    home();
  }
  start();
})();
