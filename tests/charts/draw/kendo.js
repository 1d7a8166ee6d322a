globalThis.draw = ($, el, d) => $(el).css({width: 900, height: 600}).kendoChart({
  title: {text: d.title}, transitions: false, seriesColors: ['#36a', '#a63'], tooltip: {visible: true, template: e => `${e.category}: ${e.value} kWh`},
  valueAxis: {majorGridLines: {color: '#ddd'}, title: {text: 'kWh'}},
  categoryAxis: d.time ? {type: 'date', baseUnit: 'hours', categories: d.times.map(t => new Date(t))}
    : {categories: d.labels},
  series: d.series.map(s => ({type: 'column', name: s.name, data: s.values})),
});
