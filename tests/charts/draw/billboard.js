globalThis.draw = ({bb, bar}, el, d) => bb.generate({bindto: el, size: {width: 900, height: 600},
  title: {text: d.title}, transition: {duration: 0},
  data: {x: 'hour', type: bar ? bar() : 'bar', columns: [
    ['hour', ...(d.time ? d.times.map(t => new Date(t)) : d.labels)], ...d.series.map(s => [s.name, ...s.values])]},
  axis: {x: d.time ? {type: 'timeseries', tick: {format: '%Y-%m-%d %H:%M'}} : {type: 'category'}, y: {label: 'kWh'}}});
