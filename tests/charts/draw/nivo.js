globalThis.draw = ({React, create, Bar}, el, d) => {
  const h = React.createElement;
  const rows = d.labels.map((label, n) => Object.fromEntries([['hour', d.time ? d.walls[n] : label],
    ...d.series.map(s => [s.name, s.values[n]])]));
  create(el).render(h('div', null, h('h3', null, d.title + ' kWh'),
    h(Bar, {width: 900, height: 600, data: rows, keys: d.series.map(s => s.name), indexBy: 'hour',
      groupMode: 'grouped', animate: false, enableLabel: false, axisLeft: {}, axisBottom: {},
      margin: {left: 60, bottom: 40, top: 20, right: 20}})));
};
