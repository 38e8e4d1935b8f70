import '@mantine/charts/styles.css';
import { BarChart, LineChart } from '@mantine/charts';
import { Paper, SimpleGrid, Table, Title, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatCount, formatDuration } from '../format/numbers.js';
import { EmptyState } from '../components/empty-state.js';
import type { Minute, Overview } from './queries.js';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clock = (at: string): string => CLOCK.format(new Date(at));
const HEIGHT = 220;
/** The charts are hidden from screen readers, so they must not take the focus. */
const NOT_FOCUSABLE = { accessibilityLayer: false } as const;
const COMMON = { h: HEIGHT, withLegend: true, gridAxis: 'x', tickLine: 'none' } as const;

/** Charts of the last hour. */
export default function Charts({ minutes, errors }: Pick<Overview, 'minutes' | 'errors'>) {
  return (
    <>
      <Throughput minutes={minutes} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Latency minutes={minutes} />
        <Errors errors={errors} />
      </SimpleGrid>
    </>
  );
}

function Throughput({ minutes }: { minutes: readonly Minute[] }) {
  return (
    <Chart
      title="Attempts per minute"
      table={
        <DataTable
          headings={['Minute', 'Succeeded', 'Failed']}
          rows={minutes.map(({ at, succeeded, failed }) => [clock(at), succeeded, failed])}
        />
      }
    >
      <BarChart
        {...COMMON}
        type="stacked"
        data={minutes.map(({ at, succeeded, failed }) => ({ at: clock(at), succeeded, failed }))}
        dataKey="at"
        series={[
          { name: 'succeeded', label: 'Succeeded', color: 'teal.7' },
          { name: 'failed', label: 'Failed', color: 'red.7' },
        ]}
        valueFormatter={formatCount}
        barProps={{ isAnimationActive: false }}
        barChartProps={NOT_FOCUSABLE}
      />
    </Chart>
  );
}

function Latency({ minutes }: { minutes: readonly Minute[] }) {
  return (
    <Chart
      title="Duration of attempts"
      table={
        <DataTable
          headings={['Minute', 'p50', 'p95']}
          rows={minutes.map(({ at, p50_ms: p50, p95_ms: p95 }) => [clock(at), formatDuration(p50), formatDuration(p95)])}
        />
      }
    >
      <LineChart
        {...COMMON}
        data={minutes.map(({ at, p50_ms: p50, p95_ms: p95 }) => ({ at: clock(at), p50, p95 }))}
        dataKey="at"
        series={[
          { name: 'p50', label: 'p50', color: 'indigo.5' },
          { name: 'p95', label: 'p95', color: 'orange.6' },
        ]}
        valueFormatter={formatDuration}
        withDots={false}
        curveType="linear"
        connectNulls={false}
        lineProps={{ isAnimationActive: false }}
        lineChartProps={NOT_FOCUSABLE}
        yAxisProps={{ width: 64 }}
      />
    </Chart>
  );
}

/** Failed attempts of the last hour by error class, most frequent first. */
function Errors({ errors }: { errors: Overview['errors'] }) {
  if (errors.length === 0) {
    return (
      <Paper withBorder p="md">
        <Title order={2} mb="sm">
          Errors, last hour
        </Title>
        <EmptyState title="No errors" />
      </Paper>
    );
  }
  return (
    <Chart
      title="Errors, last hour"
      table={
        <DataTable
          headings={['Error class', 'Attempts']}
          rows={errors.map(({ error_class: error, count: attempts }) => [error, attempts])}
        />
      }
    >
      <BarChart
        {...COMMON}
        withLegend={false}
        orientation="vertical"
        data={errors.map(({ error_class: error, count: attempts }) => ({ error, attempts }))}
        dataKey="error"
        series={[{ name: 'attempts', label: 'Attempts', color: 'red.7' }]}
        valueFormatter={formatCount}
        yAxisProps={{ width: 90 }}
        gridAxis="y"
        barProps={{ isAnimationActive: false }}
        barChartProps={NOT_FOCUSABLE}
      />
    </Chart>
  );
}

/** A chart with its title, and the same numbers as a table for screen readers. */
function Chart({ title, table, children }: { title: string; table: ReactNode; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} mb="sm">
        {title}
      </Title>
      <div aria-hidden>{children}</div>
      <VisuallyHidden>{table}</VisuallyHidden>
    </Paper>
  );
}

function DataTable({ headings, rows }: { headings: string[]; rows: (string | number)[][] }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          {headings.map((heading) => (
            <Table.Th key={heading}>{heading}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row[0]}>
            {row.map((cell, index) => (
              <Table.Td key={headings[index]}>{cell}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
