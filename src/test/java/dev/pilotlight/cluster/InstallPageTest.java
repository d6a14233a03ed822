package dev.pilotlight.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The commands that {@link FirstDayIT} takes from the page. */
class InstallPageTest {
    @Test
    void readsEachCommandOfASectionInOneLine() {
        assertThat(InstallPage.under("2. The chart"))
                .containsExactly("helm install pilotlight charts/pilotlight -n pilotlight-system --create-namespace"
                        + " --set image.repository=registry.example.com/pilotlight"
                        + " --set 'namespaces[0].name=models' --set 'namespaces[0].serviceAccounts={default}'");
        assertThat(InstallPage.under("3. The pods"))
                .containsExactly(
                        "kubectl label namespace models pilotlight.dev/inject=true",
                        "kubectl rollout restart deployment/NAME -n models");
        assertThat(InstallPage.under("Upgrade")).last().asString().startsWith("helm upgrade pilotlight");
        assertThat(InstallPage.under("Remove"))
                .containsExactly(
                        "kubectl label namespace models pilotlight.dev/inject-",
                        "helm uninstall pilotlight -n pilotlight-system");
    }
}
