package dev.pilotlight.gpu.dcgm;

import dev.pilotlight.gpu.readings.GpuClaim;
import dev.pilotlight.gpu.readings.GpuProbe;
import dev.pilotlight.gpu.readings.GpuReading;
import dev.pilotlight.http.Redacted;
import dev.pilotlight.prometheus.MetricPage;
import dev.pilotlight.prometheus.PageReading;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;

/** Reads this pod's GPUs off the page of the node's dcgm-exporter. */
public final class DcgmProbe implements GpuProbe {
    private final String origin;
    private final PageSource pages;
    private final Optional<PodIdentity> pod;
    private final GpuClaim claim;

    public DcgmProbe(URI url, PageSource pages, Optional<PodIdentity> pod, GpuClaim claim) {
        this.origin = "the DCGM exporter at " + Redacted.url(url);
        this.pages = pages;
        this.pod = pod;
        this.claim = claim;
    }

    @Override
    public GpuReading read(Instant now) {
        return switch (pages.fetch(now)) {
            case PageSource.Page.Fetched(PageReading.Read(MetricPage page)) ->
                DcgmPage.read(page, pod, claim, origin, now);
            case PageSource.Page.Fetched(PageReading.Refused(String why)) ->
                new GpuReading.Failed(now, origin + ": " + why);
            case PageSource.Page.Failed(String why) ->
                new GpuReading.Failed(
                        now,
                        origin + " cannot be read: " + why
                                + "; correct pilotlight.gpu.dcgm-url, let the pod reach the node's port, or set"
                                + " pilotlight.gpu.source to nvml or none");
        };
    }
}
