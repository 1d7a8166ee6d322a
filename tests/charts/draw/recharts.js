globalThis.draw = ({React, create, R}, el, d) => {
  const rows = d.labels.map((hour, n) => Object.fromEntries([['hour', d.time ? d.times[n] : hour],
    ...d.series.map(s => [s.name, s.values[n]])]));
  const h = React.createElement;
  create(el).render(h('div', null, h('h3', null, d.title + ' kWh'),
    h(R.BarChart, {width: 900, height: 600, data: rows},
      h(R.XAxis, {dataKey: 'hour'}), h(R.YAxis), h(R.Tooltip, {isAnimationActive: false}), h(R.Legend),
      d.series.map((s, n) => h(R.Bar, {key: s.name, dataKey: s.name, fill: ['#36a', '#a63'][n],
        isAnimationActive: false})))));
};
