globalThis.draw = (ApexCharts, el, d) => new ApexCharts(el, {
  chart: {...(d.keep ? {id: 'usage'} : {}), type: d.time ? 'line' : 'bar', height: 600, width: 900, animations: {enabled: false}},
  title: {text: d.title}, dataLabels: {enabled: false}, stroke: {width: 2},
  xaxis: d.time ? {type: 'datetime', labels: {datetimeUTC: d.time === 'wall'}} : {categories: d.labels},
  yaxis: {title: {text: 'kWh'}},
  series: d.series.map(s => ({name: s.name, data: s.values.map((v, n) => d.time ? [d.times[n], v] : v)})),
}).render();
