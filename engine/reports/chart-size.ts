/** In CSS pixels; a picture has `chartScale` times as many each way, for sharp screens. */
export const chartWidth = 560
export const chartHeight = 230
export const chartScale = 2
