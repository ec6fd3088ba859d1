# The worker and its guard: what the Jobs of kubectl-scalardl run. `npm run build` makes what is copied here.
#   worker      no database tools: for databases whose cloud makes the backup
#   worker-sql  with pg_dump and pg_restore
# Of node's memory: what streams leaves buffers behind. They are freed while young, once they are twice the space of
# young objects (16 MiB by default), or with the whole heap, when that has grown by a part that depends on how fast it
# grows. So that space is small, and that part is always 200 %.
# Nothing is run, so an image of any architecture is made on any machine. build/images/root.ts makes dist/roots.
FROM scratch AS base
ARG TARGETARCH
COPY dist/roots/$TARGETARCH/base/ /
ENV PATH=/usr/local/bin:/usr/bin NODE_ENV=production

FROM base AS worker
COPY dist/worker/*.cjs dist/worker/*.txt dist/guard/*.cjs dist/guard/*.txt LICENSE /opt/kubectl-scalardl/
USER 65532:65532
ENTRYPOINT ["node", "--max-semi-space-size=2", "--heap-growing-percent=200", "/opt/kubectl-scalardl/worker.cjs"]

FROM base AS sql-tools
ARG TARGETARCH
COPY dist/roots/$TARGETARCH/sql/ /

FROM sql-tools AS worker-sql
COPY dist/worker/*.cjs dist/worker/*.txt dist/guard/*.cjs dist/guard/*.txt LICENSE /opt/kubectl-scalardl/
USER 65532:65532
ENTRYPOINT ["node", "--max-semi-space-size=2", "--heap-growing-percent=200", "/opt/kubectl-scalardl/worker.cjs"]
