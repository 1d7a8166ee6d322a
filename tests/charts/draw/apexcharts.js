globalThis.draw = (ApexCharts, el, d) => new ApexCharts(el, {
  chart: {type: d.time ? 'line' : 'bar', height: 380, width: 900, animations: {enabled: false}},
  title: {text: d.title}, dataLabels: {enabled: false}, stroke: {width: 2},
  xaxis: d.time ? {type: 'datetime', labels: {datetimeUTC: d.time === 'wall'}} : {categories: d.labels},
  yaxis: {title: {text: 'kWh'}},
  series: d.series.map(s => ({name: s.name, data: s.values.map((v, n) => d.time ? [d.times[n], v] : v)})),
}).render();
