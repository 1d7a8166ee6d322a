globalThis.draw = (Chart, el, d) => {
  el.style.cssText = 'width:900px;height: 600px';
  new Chart(el, {title: d.title, animation: {enabled: false},
    dataSource: d.labels.map((label, n) => Object.fromEntries([['hour', d.time ? new Date(d.times[n]) : label],
      ...d.series.map(s => [s.name, s.values[n]])])),
    commonSeriesSettings: {argumentField: 'hour', type: 'bar'}, valueAxis: {title: 'kWh'},
    tooltip: {enabled: true, customizeTooltip: p => ({text: `${p.argumentText}: ${p.valueText} kWh`})},
    series: d.series.map(s => ({valueField: s.name, name: s.name}))});
};
